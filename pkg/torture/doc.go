// Package torture holds the promise of the suite against what the world does
// to it: nothing lost, nothing leaked. Its tests run the binaries as they
// are built, against an Identity Center of their own (pkg/idctest), and do to
// them what happens: kill -9, full disks, broken replies, hostile names, twenty
// runs at once.
//
// There is no code here but tests. `make torture` runs every case at full size
// and writes the figures to docs/reliability.md; `make torture-short`, and
// `make test` with it, runs the same cases with small counts. The cases are for
// Linux, which has the means: namespaces, /proc, /dev/full, pseudo terminals.
package torture
