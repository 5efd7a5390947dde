package portal

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/fault"
)

const (
	pageSize = 100 // entries a page, the most that the portal gives
	maxPages = 1000
)

// eachPage follows page tokens to the end: page gets a token, nil at first,
// and returns the next one, nil or empty at the end. The SDK's paginators
// follow a repeated token for ever or, asked to stop, end without an error:
// half a listing would look like a whole one.
func eachPage(page func(next *string) (*string, error)) error {
	seen := map[string]bool{}
	var next *string
	for range maxPages {
		token, err := page(next)
		if err != nil {
			return err
		}
		if aws.ToString(token) == "" {
			return nil
		}
		if seen[*token] {
			return fault.New(fault.Reply, "", "the portal repeated a page marker")
		}
		seen[*token] = true
		next = token
	}
	return fault.New(fault.Reply, "", fmt.Sprintf("the portal sent %d pages and promised more", maxPages))
}
