package answer

import (
	"context"
	"net/http"
)

// Streams is what stands around a request and lets its answer go on without an end: under StreamsKey in the request's context.
type Streams interface {
	// Stream begins such an answer. LIMITED: there are too many.
	Stream() (ctx context.Context, end func(), err error)
}

// StreamsKey is where a request's context has its Streams.
var StreamsKey any = streamsKey{}

type streamsKey struct{}

// Stream lets the answer to r go on for as long as the client stays and the server runs: no clock ends it, neither that of
// requests nor that of the connection, so each write should be given its time. ctx ends with it; end is to be called when it is
// over, which the server waits for when it stops. LIMITED: too many are open.
func Stream(r *http.Request) (ctx context.Context, end func(), err error) {
	s, ok := r.Context().Value(StreamsKey).(Streams)
	if !ok { // nothing stands around it, as in tests
		return r.Context(), func() {}, nil
	}
	return s.Stream()
}
