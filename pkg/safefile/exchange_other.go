//go:build !linux && !darwin

package safefile

import "errors"

func exchange(string, string) error { return errors.ErrUnsupported }

func renameNew(string, string) error { return errors.ErrUnsupported }

func notSupported(err error) bool { return errors.Is(err, errors.ErrUnsupported) }
