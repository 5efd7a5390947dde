// Package conformance tests the suite with the clients of others: the AWS CLI and
// the AWS SDKs, as their registries serve them, read what the suite writes and
// write what it reads, against an Identity Center of pkg/idctest. The AWS CLI and
// kubectl also run the suite as commands of their own.
//
// All of it is tests behind the build tag conformance; "make conformance" runs
// them, and "make peers" those that drive programs of other projects against
// pkg/idctest. The clients are pinned: the SDKs by the files in testdata, each with a
// small program that asks STS who a profile is. They are installed into the
// user's cache folder once. A client that cannot be installed,
// because its registry does not answer or a tool is missing, is skipped and named
// at the end; one that answers wrongly fails the run.
//
// If a client differs from what the suite expects, fix the suite, with a test in
// the package concerned. Nothing here works around a difference.
package conformance
