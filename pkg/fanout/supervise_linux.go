package fanout

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Supervise starts this program once more, as a worker that runs the commands,
// and returns how that ended. Each of the two outlives a kill -9 of the other,
// and ends the commands then: the worker has started them, and to the supervisor
// the kernel gives the orphans of the worker.
//
// The worker gets args, env and files, and finds its end of a connection and the
// list of its sessions at [workerFD] and [sessionsFD], for [Connect]. When ctx is cancelled it is told the signal, by the
// cause. An error is [ErrNoSupervisor]. Supervise reaps every child of this process,
// so there may be no others.
func Supervise(ctx context.Context, args, env []string, files [3]*os.File, signal func(cause error) os.Signal) (Exit, error) {
	if err := adoptOrphans(); err != nil {
		return Exit{}, unsupervised("prctl", err)
	}
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return Exit{}, unsupervised("socketpair", err)
	}
	ours, theirs := os.NewFile(uintptr(ends[0]), "worker"), os.NewFile(uintptr(ends[1]), "supervisor")
	defer ours.Close()
	// In memory that both see: a message for each command would wake this process.
	list, err := unix.MemfdCreate("sessions", unix.MFD_CLOEXEC|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3
		list, err = unix.MemfdCreate("sessions", unix.MFD_CLOEXEC)
	}
	if err != nil {
		_ = theirs.Close()
		return Exit{}, unsupervised("memfd_create", err)
	}
	sessionList := os.NewFile(uintptr(list), "sessions")
	defer sessionList.Close()
	runtime.LockOSThread() // which the worker's end follows
	defer runtime.UnlockOSThread()
	worker, _, err := syscall.StartProcess("/proc/self/exe", args, &syscall.ProcAttr{ //nolint:gosec // this program
		Env:   env,
		Files: []uintptr{files[0].Fd(), files[1].Fd(), files[2].Fd(), theirs.Fd(), sessionList.Fd()},
		// A stopped worker would not see that the connection has ended.
		Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGCONT},
	})
	_ = theirs.Close()
	if err != nil {
		return Exit{}, unsupervised("the start of the worker", err)
	}
	stop := context.AfterFunc(ctx, func() {
		number, ok := signal(context.Cause(ctx)).(syscall.Signal)
		if !ok {
			number = syscall.SIGTERM
		}
		_, _ = ours.Write([]byte{byte(number)})
	})
	defer stop()
	status, err := reapUntil(worker)
	if err != nil {
		return Exit{}, unsupervised("wait4", err)
	}
	var told sessions
	told.read(io.NewSectionReader(sessionList, 0, math.MaxInt64))
	told.sweep(status.Signaled(), reapAll)
	if status.Signaled() {
		return Exit{Signal: status.Signal()}, nil
	}
	return Exit{Status: status.ExitStatus()}, nil
}

// adoptOrphans makes descendants of this process its children when their parent
// ends.
func adoptOrphans() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}

// read takes what the worker has told, to its end.
func (s *sessions) read(list io.Reader) {
	from := bufio.NewReader(list)
	var number [4]byte
	for {
		if _, err := io.ReadFull(from, number[:]); err != nil {
			return
		}
		s.add(int(binary.NativeEndian.Uint32(number[:])))
	}
}

// reapAll reaps the children that have ended.
func reapAll() {
	for {
		if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 && !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}

// reapUntil reaps this process's children until it has reaped one.
func reapUntil(pid int) (syscall.WaitStatus, error) {
	for {
		var status syscall.WaitStatus
		switch got, err := syscall.Wait4(-1, &status, 0, nil); {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, err
		case got == pid:
			return status, nil
		}
	}
}

// workerFD is the descriptor of the worker's end of the connection, sessionsFD that
// of the list of its sessions.
const (
	workerFD   = 3
	sessionsFD = 4
)

// Supervisor is the worker's end of the connection.
type Supervisor struct{ conn, sessions *os.File }

// Connect takes the connection over. told is called with the signal that the
// supervisor got, gone when the supervisor has ended.
func Connect(told func(os.Signal), gone func()) *Supervisor {
	syscall.CloseOnExec(workerFD)
	syscall.CloseOnExec(sessionsFD)
	_ = adoptOrphans() // as the supervisor could
	s := &Supervisor{os.NewFile(workerFD, "supervisor"), os.NewFile(sessionsFD, "sessions")}
	go func() {
		var number [1]byte
		for {
			if n, err := s.conn.Read(number[:]); n == 0 || err != nil {
				gone()
				return
			}
			told(syscall.Signal(number[0]))
		}
	}()
	return s
}

// tell sends the supervisor the session of a command, by its leader.
func (s *Supervisor) tell(pid int) {
	if s == nil {
		return
	}
	_, _ = s.sessions.Write(binary.NativeEndian.AppendUint32(nil, uint32(pid)))
}
