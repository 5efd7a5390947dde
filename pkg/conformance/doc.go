// Package conformance holds what the suite writes, and what it reads, against
// the clients of others: the AWS CLI and the AWS SDKs as their registries serve
// them, driven against an Identity Center of pkg/idctest, and the two programs
// that run the suite as commands of their own, aws and kubectl.
//
// All of it is tests behind the build tag conformance; "make conformance" runs
// them. The clients are pinned: the SDKs by the files in testdata, each with a
// small program that asks STS who a profile is. They are installed into the
// user's cache folder once. One that this machine cannot have, because its
// registry does not answer or a tool is missing, is not run and is named at the
// end; one that answers wrongly fails the run.
//
// Where a client shows that the suite is wrong about it, the suite is mended,
// with a test in the package concerned. Nothing here works around a difference.
package conformance
