package graph

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"

	"wangge/domain/audit"
	"wangge/internal/fault"
)

// maxAnswer is the longest answer, bytes. What a request may cost is what answers usually come to; this is for texts and
// areas that are larger than usual.
const maxAnswer = 64 << 20

// errorBytes is what an error takes in memory.
const errorBytes = 1 << 10

var _ = fault.Register(
	[3]string{"limit.answer", "The answer would be too long; ask for shorter lists (first) or fewer fields.", "返回内容过长，请减小 first 或减少字段。"},
)

// operation is one request while it is answered. It holds it to what it may take.
type operation struct {
	graphql.OperationContext
	ec     *executionContext // reads arguments
	laid   *prepared
	event  *event // of a subscription, that is answered now
	http   *http.Request
	audit  *audit.Service                   // nil: nothing is noted
	origin func(*http.Request) audit.Origin // where it comes from; nil: nobody knows
	most   int64                            // fields
	fields atomic.Int64
	bytes  atomic.Int64 // of errors
}

type operationKey struct{}

func (s *Handler) newOperation(r *http.Request) *operation {
	return &operation{http: r, most: int64(s.allowance(r.Context()))}
}

// operationOf is the operation that ctx resolves, nil outside one.
func operationOf(ctx context.Context) *operation {
	op, _ := ctx.Value(operationKey{}).(*operation)
	return op
}

// read counts n fields that will be answered. False: the answer is longer than it may be.
func (o *operation) read(n int) bool {
	o.fields.Add(int64(n))
	return !o.tooLong()
}

// failed counts an error. False: the answer is longer than it may be.
func (o *operation) failed() bool {
	o.bytes.Add(errorBytes)
	return !o.tooLong()
}

// tooLong reports whether the answer has become longer than it may be; it is then dropped.
func (o *operation) tooLong() bool { return o.fields.Load() > o.most || o.bytes.Load() > maxAnswer }

// errTooLong is what the plan answers once the answer is too long.
var errTooLong = fault.New(fault.Limited, "", "limit.answer")
