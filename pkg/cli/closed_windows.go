package cli

import "context"

// WhenOutCloses does nothing: Windows tells it with the next write alone.
func (c *Console) WhenOutCloses(context.Context, func()) {}
