// Package wine (tests only) runs the tests of every package, and scripts that
// drive the programs, as Windows binaries under wine. `make windows-test` runs
// it; a machine without wine or without the mingw compiler skips it.
//
// Where wine itself differs from Windows, its defect is an entry of the list in
// defects_test.go, with a program that shows it. The suite is not changed to
// please wine.
package wine
