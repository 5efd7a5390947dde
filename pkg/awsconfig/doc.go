// Package awsconfig reads and edits the files that every AWS client shares:
// ~/.aws/config and ~/.aws/credentials.
//
// # Reading
//
// The AWS CLI and botocore read these files with Python's configparser, the
// Go SDK with a line tokenizer, the JavaScript SDK with regular expressions;
// they disagree about many inputs, and botocore gives up on the whole file at
// the first line that it does not understand. This package reads what
// botocore reads, profile for profile and value for value, because botocore is
// the strictest of them and the AWS CLI is what people compare with. Where
// another client reads something else, [Config.Problems] names file and line;
// where botocore reads nothing at all, [Config.Err] does. Parsing itself never fails, so that a file with problems can
// still be shown.
//
// [Parse] makes one pass over the text and keeps one index: sections and keys
// as byte spans and substrings of the text. [Merge] lays the credentials file
// over the config file as botocore does: a section there, under its literal
// name, overrides key by key. A [File] and a [Config] never change and may be
// used by several goroutines at once.
//
// # Editing
//
// The file belongs to its user. An [Edit] therefore never prints a parsed
// file: it collects changes to sections and keys, cuts and inserts the bytes
// of those, and copies every other byte as it stands: comments, order, blank
// lines, indentation, line endings, a missing newline at the end. What is
// written is refused unless every AWS client reads it alike: no control
// characters, no "]", no value with quotes around it or a comment in it.
//
// A section reaches from its header to the last line of its last key. Comments
// and blank lines after that are not part of it and survive its removal, with
// one exception: the blank line directly above a removed section goes with it
// if another one, or the end of the file, follows the section. That line is
// the one that [Edit.AddProfile] puts there, so adding and removing profiles
// day after day does not make the file grow.
//
// [Edit.Bytes] reads its own result back and returns it only if all that was
// not meant to change is the same and the rest is as planned. gopkg.in/ini.v1
// is the second opinion on what is new: each kind of header, and each distinct
// key with its value, must read there as planned too. A file that botocore
// cannot read is not edited at all, and one that it can read stays readable.
package awsconfig
