package fanout

import (
	"bytes"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// sessions are those of the commands, by the number of their leader. It is safe
// for concurrent use.
type sessions struct {
	mu    sync.Mutex
	known map[int]bool
}

func (s *sessions) add(leader int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[int]bool{}
	}
	s.known[leader] = true
}

const (
	sweeps     = 50
	sweepPause = 10 * time.Millisecond
	// A worker that was killed may have left a command that it had no time to
	// tell of, and that is still ending.
	leastSweeps = 10
)

// sweep kills what is left of the sessions among the descendants of this process,
// which adopts orphans. killed says that the worker had no time to tell of all:
// then sessions whose leader is gone count, too. reap is called between two looks.
func (s *sessions) sweep(killed bool, reap func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) == 0 && !killed {
		return
	}
	for i := range sweeps {
		all := processes()
		found := false
		for _, p := range all {
			if p.zombie || !all.descends(p, os.Getpid()) {
				continue
			}
			leader, alive := all[p.session]
			if s.known[p.session] || killed && (!alive || leader.zombie) {
				found = true
				p.kill()
			}
		}
		reap()
		if !found && (!killed || i >= leastSweeps) {
			return
		}
		time.Sleep(sweepPause)
	}
}

// process is one of the system, as /proc shows it.
type process struct {
	pid, parent, session int
	zombie               bool
	start                string // when it began: tells apart two of one number
}

type processTable map[int]process

// processes returns the processes that can be seen.
func processes() processTable {
	all := processTable{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return all
	}
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil {
			if p, ok := readProcess(pid); ok {
				all[pid] = p
			}
		}
	}
	return all
}

// readProcess reads /proc/PID/stat. The name, the second field, stands in
// parentheses and may hold anything.
func readProcess(pid int) (process, bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	end := bytes.LastIndexByte(text, ')')
	if err != nil || end < 0 {
		return process{}, false
	}
	fields := bytes.Fields(text[end+1:]) // from the third on: see proc(5)
	if len(fields) < 20 {
		return process{}, false
	}
	number := func(field int) int {
		n, _ := strconv.Atoi(string(fields[field-3]))
		return n
	}
	return process{
		pid: pid, parent: number(4), session: number(6), start: string(fields[22-3]),
		zombie: fields[0][0] == 'Z' || fields[0][0] == 'X',
	}, true
}

// descends reports whether p descends from a process.
func (t processTable) descends(p process, from int) bool {
	for range len(t) {
		parent, ok := t[p.parent]
		if p.parent == from || !ok {
			return p.parent == from
		}
		p = parent
	}
	return false
}

// kill kills the process, and no other that got its number meanwhile.
func (p process) kill() {
	fd, err := unix.PidfdOpen(p.pid, 0)
	if err != nil {
		return
	}
	defer func() { _ = unix.Close(fd) }()
	if now, ok := readProcess(p.pid); ok && now.start == p.start {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}
