package fanout

import "iter"

// inOrder returns the results in the order of their index, each as soon as all
// before it are there. Results that the loop has not seen are closed when it ends
// early.
func inOrder(results iter.Seq[Result]) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		waiting := map[int]Result{}
		defer func() {
			for _, r := range waiting {
				r.Close()
			}
		}()
		next := 0
		for result := range results {
			waiting[result.Index] = result
			for r, ok := waiting[next]; ok; r, ok = waiting[next] {
				delete(waiting, next)
				next++
				if !yield(r) {
					return
				}
			}
		}
	}
}
