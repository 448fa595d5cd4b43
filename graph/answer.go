package graph

import (
	"context"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"

	"wangge/graph/node"
	"wangge/internal/fault"
)

// maxAnswer is the longest answer, bytes. What a request may cost is what answers usually come to; this is for texts and
// areas that are larger than usual.
const maxAnswer = 64 << 20

// What is counted besides a field's value, bytes: its quotes, colon and comma; and what an error takes in memory.
const (
	fieldBytes = 8
	errorBytes = 1 << 10
)

var _ = fault.Register(
	[3]string{"limit.answer", "The answer would be too long; ask for shorter lists (first) or fewer fields.", "返回内容过长，请减小 first 或减少字段。"},
)

// operation holds one request to what it may take while it is executed.
type operation struct {
	turn   chan struct{} // held by the root field that reads: one request takes one connection at a time
	most   int64         // fields
	fields atomic.Int64  // planned
	bytes  atomic.Int64  // resolved
}

type operationKey struct{}

func newOperation(ctx context.Context) (context.Context, *operation) {
	op := &operation{turn: make(chan struct{}, 1), most: int64(allowance(ctx))}
	return context.WithValue(ctx, operationKey{}, op), op
}

// operationOf is the operation that ctx resolves, nil before one is executed.
func operationOf(ctx context.Context) *operation {
	op, _ := ctx.Value(operationKey{}).(*operation)
	return op
}

// read counts n fields that will be answered. False: the answer is longer than it may be.
func (o *operation) read(n int) bool {
	o.fields.Add(int64(n))
	return !o.tooLong()
}

// write counts n bytes of the answer. False: it is longer than it may be.
func (o *operation) write(n int) bool {
	o.bytes.Add(int64(n))
	return !o.tooLong()
}

// tooLong reports whether the answer has become longer than it may be; the transport then drops it.
func (o *operation) tooLong() bool { return o.fields.Load() > o.most || o.bytes.Load() > maxAnswer }

// answerLimit counts an answer while its fields are resolved, before it is written, so that one too long is never held
// in memory as a whole.
type answerLimit struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.FieldInterceptor
} = answerLimit{}

// ExtensionName implements graphql.HandlerExtension.
func (answerLimit) ExtensionName() string { return "AnswerLimit" }

// Validate implements graphql.HandlerExtension.
func (answerLimit) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptField implements graphql.FieldInterceptor.
func (answerLimit) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	op := operationOf(ctx)
	if op.tooLong() {
		return nil, errTooLong
	}
	v, err := next(ctx)
	if err == nil && !op.write(fieldBytes+len(graphql.GetFieldContext(ctx).Field.Alias)+size(v)) {
		err = errTooLong
	}
	return v, err
}

// errTooLong is what fields answer once the answer is too long. No client sees it.
var errTooLong = fault.New(fault.Limited, "", "limit.answer")

// size is about how many bytes a field's value is written with; 0 for an object, whose fields are counted themselves.
func size(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case *string:
		if v != nil {
			return len(*v)
		}
	case []string:
		n := 0
		for _, s := range v {
			n += len(s) + fieldBytes
		}
		return n
	case []float64:
		return 20 * len(v)
	case float64:
		return 20
	case *node.GeoJSON:
		return v.Len()
	}
	return 0
}
