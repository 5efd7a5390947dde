package safefile

import "context"

// InTheGap has f called between the last look at a file and the rename.
// interrupted reports whether somebody waits to open the file for writing.
func (s *Store) InTheGap(f func(interrupted func() bool)) { s.gap = f }

// TryLock is [Store.Lock] that does not wait: ok is false, with nothing to
// release and no error, if somebody holds the lock.
func (s *Store) TryLock(ctx context.Context, name string) (release func(), ok bool, err error) {
	path, works, err := s.lockFile(name)
	if err != nil {
		return nil, false, err
	}
	if err := stopped(ctx, "lock", name); err != nil {
		return nil, false, err
	}
	release, err = s.try(ctx, name, path, works)
	return release, release != nil, err
}
