// A folder with a file in it can be removed.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	dir, err := os.MkdirTemp("", "delete")
	if err != nil {
		panic(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		panic(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Println("wine")
		return
	}
	fmt.Println("windows")
}
