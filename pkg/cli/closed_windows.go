package cli

import "context"

// WhenOutCloses does nothing: on Windows only a write tells that the reader has
// gone.
func (c *Console) WhenOutCloses(context.Context, func()) {}
