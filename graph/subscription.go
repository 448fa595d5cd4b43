package graph

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"wangge/graph/node"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

// Subscriptions come by server-sent events (events.go) and over WebSockets (websocket.go). gqlgen has both, but knows no
// documentId; its WebSocket sends "complete" after "error", takes two subscriptions of one id and waits without end for a client
// that does not read; its server-sent events take no GET, go on pinging when the request is over, and log what was sent.

const (
	maxSubscriptions = 10_000           // open in all
	pingEvery        = 25 * time.Second // proxies cut what is silent for a minute, and a client that is gone is found out
	writeTime        = 10 * time.Second // for one event: who does not read has left
)

var _ = fault.Register(
	[3]string{"subscription.one", "A subscription asks for one field of Subscription.", "订阅只能请求 Subscription 的一个字段。"},
	[3]string{"subscription.tooMany", "Too many subscriptions are open; try again later.", "打开的订阅过多，请稍后再试。"},
	[3]string{"subscription.notServed", "This server does not tell what changes in tiles.", "本服务不提供瓦片变更通知。"},
)

// source waits for the next event of a subscription. False: ctx ended, or there are no more.
type source func(ctx context.Context) (*event, bool)

// event is one answer of a subscription, before it is written.
type event struct {
	write func(*writer) bool
	id    string // of the state that it tells of; "" is none
}

// sourceOf are the events that a resolver tells.
func sourceOf[T any](told <-chan T, write func(*writer, T) bool) source {
	return func(ctx context.Context) (*event, bool) {
		select {
		case v, ok := <-told:
			e := &event{write: func(w *writer) bool { return write(w, v) }}
			if v, has := any(v).(interface{ EventID() string }); ok && has {
				e.id = v.EventID()
			}
			return e, ok
		case <-ctx.Done():
			return nil, false
		}
	}
}

// told is what next returns, until it fails or ctx ends.
func told[T any](ctx context.Context, next func(context.Context) (T, error)) <-chan T {
	c := make(chan T)
	go func() {
		defer close(c)
		for {
			v, err := next(ctx)
			if err != nil {
				return
			}
			select {
			case c <- v:
			case <-ctx.Done():
				return
			}
		}
	}()
	return c
}

// tilesChanged follows what changes in tiles. An EventSource that comes back says by itself which version it has.
func (r *Resolver) tilesChanged(ctx context.Context, since *string, layers []string) (<-chan *node.TilesChange, error) {
	if r.TilesChanged == nil {
		return nil, fault.New(fault.Unavailable, "", "subscription.notServed")
	}
	from := ""
	if since != nil {
		from = *since
	}
	if op := operationOf(ctx); op != nil {
		if last := op.http.Header.Get("Last-Event-ID"); last != "" {
			from = last
		}
	}
	next, err := r.TilesChanged(ctx, from, layers)
	if err != nil {
		return nil, err
	}
	return told(ctx, next), nil
}

// Subscriptions is how many are open.
func (s *Handler) Subscriptions() int { return int(s.open.Load()) }

// subscribe begins a subscription, which lasts until ctx ends; end is to be called then. LIMITED: too many are open.
func (s *Handler) subscribe(ctx context.Context, op *operation, p *prepared) (_ source, end func(), list gqlerror.List) {
	if s.open.Add(1) > maxSubscriptions {
		s.open.Add(-1)
		return nil, nil, gqlerror.List{gqlerror.Wrap(fault.New(fault.Limited, "", "subscription.tooMany"))}
	}
	closed := func() { s.open.Add(-1) }
	defer func() {
		if reason := recover(); reason != nil {
			list = gqlerror.List{gqlerror.Wrap(recovered(ctx, reason))}
		}
		if list != nil {
			closed()
		}
	}()
	if len(p.root.fields) != 1 || strings.HasPrefix(p.root.fields[0].Name, "__") {
		return nil, nil, gqlerror.List{gqlerror.Wrap(fault.New(fault.Invalid, "", "subscription.one"))}
	}
	f := &p.root.fields[0]
	at := graphql.WithFieldContext(graphql.WithOperationContext(ctx, &op.OperationContext),
		&graphql.FieldContext{Object: "Subscription", Field: f.field, IsMethod: true, IsResolver: true})
	var from source
	at, err := op.guarded(at, f)
	if err == nil {
		from, err = op.ec.subscribe(at, f)
	}
	if err != nil {
		var placed *gqlerror.Error
		if !errors.As(graphql.AddFieldLocationToError(at, err), &placed) {
			placed = gqlerror.WrapPath(graphql.GetPath(at), err)
		}
		return nil, nil, gqlerror.List{placed}
	}
	return from, closed, nil
}

// tell answers with an event; op is its own request's again, with all that one may take.
func (s *Handler) tell(ctx context.Context, op *operation, p *prepared, e *event) *reply {
	op.event = e
	op.fields.Swap(0)
	op.bytes.Swap(0)
	return s.execute(ctx, op, p)
}

// events writes server-sent events: GraphQL over SSE, distinct connections.
type events struct {
	http.ResponseWriter
	conn *http.ResponseController
}

func newEvents(w http.ResponseWriter) *events {
	h := w.Header()
	h["Content-Type"] = []string{eventType + "; charset=utf-8"}
	h["X-Accel-Buffering"] = []string{"no"} // nginx would keep what comes until there is more
	return &events{w, http.NewResponseController(w)}
}

// send writes what a client is to read now. False: nobody reads.
func (w *events) send(text []byte) bool {
	_ = w.conn.SetWriteDeadline(time.Now().Add(writeTime)) // not every writer has a connection
	_, err := w.Write(text)
	return err == nil && w.conn.Flush() == nil
}

// nothing is what an event stream says to be heard: a comment.
var nothing = []byte(":\n\n")

// next sends an answer, under an id if it has one.
func (w *events) next(a *reply, id string) bool {
	text := []byte("event: next\n")
	if id != "" {
		text = append(append(append(text, "id: "...), id...), '\n')
	}
	return w.send(append(a.appendTo(append(text, "data: "...)), "\n\n"...))
}

func (w *events) complete() { w.send([]byte("event: complete\ndata:\n\n")) }

// only sends an answer that no other follows.
func (w *events) only(a *reply) {
	if w.next(a, "") {
		w.complete()
	}
}

// serveEvents answers by server-sent events. Where the client leaves or the server stops, they end without "complete": the
// client comes back.
func (s *Handler) serveEvents(ctx context.Context, w http.ResponseWriter, r *http.Request, op *operation, p *prepared) {
	if p.operation.Operation != ast.Subscription {
		newEvents(w).only(s.execute(ctx, op, p))
		return
	}
	stream, end, err := answer.Stream(r)
	if err != nil {
		s.refuse(ctx, w, fault.As(err).Code.Status(), gqlerror.Wrap(err))
		return
	}
	defer end()
	ctx = context.WithValue(stream, operationKey{}, op)
	from, closed, list := s.subscribe(ctx, op, p)
	out := newEvents(w)
	if list != nil {
		out.only(s.refusal(ctx, http.StatusOK, list...))
		return
	}
	defer closed()
	for open := out.send(nothing); open; { // the answer begins, though there is no event yet
		wait, cancel := context.WithTimeout(ctx, pingEvery)
		e, some := from(wait)
		silent := wait.Err() != nil
		cancel()
		switch {
		case some:
			open = out.next(s.tell(ctx, op, p, e), e.id)
		case ctx.Err() != nil:
			return
		case silent:
			open = out.send(nothing)
		default:
			out.complete()
			return
		}
	}
}
