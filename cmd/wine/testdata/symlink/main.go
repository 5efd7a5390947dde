// A symbolic link that was made can be opened.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	dir, err := os.MkdirTemp("", "symlink")
	if err != nil {
		panic(err)
	}
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, []byte("x"), 0o600); err != nil {
		panic(err)
	}
	if err := os.Symlink(target, link); err != nil {
		panic(err)
	}
	if _, err := os.ReadFile(link); err != nil {
		fmt.Println("wine")
		return
	}
	fmt.Println("windows")
}
