package fanout

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// child is a command that was started.
type child struct {
	pipes          [2]*os.File // the ends that are read, by Stream
	started, ended time.Time

	process *os.Process
	job     windows.Handle // of the command and what it starts; 0: there is none
	exited  atomic.Bool
	killed  atomic.Bool // while it ran
	state   *os.ProcessState
	err     error
}

// start starts a program in a process group and a job object of its own. What it
// starts before it is in the job is in that of this process.
func (c *child) start(path string, argv, env []string, in *os.File, write [2]*os.File) error {
	endWithUs()
	process, err := os.StartProcess(path, argv, &os.ProcAttr{
		Env:   env,
		Files: []*os.File{in, write[Stdout], write[Stderr]},
		Sys:   &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP},
	})
	if err != nil {
		return err
	}
	c.process = process
	job, err := newJob()
	if err != nil {
		return nil // it runs, and ends with this process
	}
	err = process.WithHandle(func(handle uintptr) {
		err = windows.AssignProcessToJobObject(job, windows.Handle(handle))
	})
	if err != nil {
		_ = windows.CloseHandle(job)
		return nil
	}
	c.job = job
	return nil
}

// newJob makes a job object whose processes end when its last handle is closed.
func newJob() (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, err
	}
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info))) //nolint:gosec // how the call takes it
	if err != nil {
		_ = windows.CloseHandle(job)
		return 0, err
	}
	return job, nil
}

// endWithUs puts this process into a job object whose one handle it holds: what
// it starts ends with it, however it ends.
var endWithUs = sync.OnceFunc(func() {
	if job, err := newJob(); err == nil {
		_ = windows.AssignProcessToJobObject(job, windows.CurrentProcess())
	}
})

func (c *child) number() int { return c.process.Pid }

// ask asks the process group to end with Ctrl-Break: a group of its own gets no
// Ctrl-C.
func (c *child) ask(os.Signal) {
	_ = windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(c.process.Pid))
}

func (c *child) killGroup() {
	if !c.exited.Load() {
		c.killed.Store(true)
	}
	if c.job != 0 {
		_ = windows.TerminateJobObject(c.job, 1)
		return
	}
	_ = c.process.Kill()
}

func (c *child) waitExit() {
	c.state, c.err = c.process.Wait()
	c.exited.Store(true)
}

// controlExit is the exit code of a command that Ctrl-C or Ctrl-Break has ended
// (STATUS_CONTROL_C_EXIT).
const controlExit = 0xC000013A

func (c *child) reap() (State, int, os.Signal, error) {
	if c.job != 0 {
		_ = windows.CloseHandle(c.job)
	}
	switch {
	case c.err != nil:
		return NotStarted, 0, nil, c.err
	case uint32(c.state.ExitCode()) == controlExit:
		return Signaled, 0, os.Interrupt, nil
	case c.killed.Load():
		return Signaled, 0, os.Kill, nil
	}
	return Exited, c.state.ExitCode(), nil, nil
}

// scarce reports whether an error says that there are too many of something now.
func scarce(err error) bool {
	return errors.Is(err, windows.ERROR_TOO_MANY_OPEN_FILES) || errors.Is(err, windows.ERROR_NOT_ENOUGH_MEMORY) ||
		errors.Is(err, windows.ERROR_NO_SYSTEM_RESOURCES)
}

// tooManyFiles reports whether an error says that this process has as many files
// open as it may, which there is no limit of.
func tooManyFiles(error) bool { return false }

// descriptors returns how many files this process may have open: on Windows,
// more than matters here.
func descriptors() (int, bool) { return 0, false }
