package fanout

import "testing"

// TestCollectConcurrently holds for goroutines what the other tests hold for
// poll(2): other systems and old kernels have nothing else.
func TestCollectConcurrently(t *testing.T) {
	defaultLimits.concurrent = true
	defer func() { defaultLimits.concurrent = false }()
	for name, test := range map[string]func(*testing.T){
		"states":         TestStates,
		"own session":    TestASessionOfItsOwnIsNotFollowed,
		"talkative":      TestASessionOfItsOwnThatPrintsIsNotFollowed,
		"cancel":         TestCancel,
		"break":          TestBreakEndsTheCommands,
		"kill":           TestKill,
		"output":         TestOutputIsExact,
		"lines":          TestLinesAreWholeAndExact,
		"ordered output": TestOrderedOutputIsExact,
		"first":          TestTheFirstWritesAsItPrints,
		"paused":         TestAPausedCommandLosesNothing,
		"paused end":     TestPausedCommandsEnd,
	} {
		t.Run(name, test)
	}
}
