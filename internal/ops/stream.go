package ops

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"wangge/domain/account"
	"wangge/internal/fault"
)

// How many answers without an end are open at most: in all, each of which takes some 50 KB, and of one address, which an
// office may share.
const (
	maxStreams        = 5_000
	maxStreamsAddress = 200
)

var _ = fault.Register(
	[3]string{"ops.streams", "Too many subscriptions are open; try again later.", "打开的订阅过多，请稍后再试。"},
	[3]string{"ops.stopping", "The server is stopping; try again in a moment.", "服务正在停止，请稍后再试。"},
)

// streams counts the answers without an end that are open.
type streams struct {
	mu   sync.Mutex
	open int
	of   map[netip.Addr]int
}

// begin counts one more of an address, where there may be one.
func (s *streams) begin(from netip.Addr, limited bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= maxStreams || limited && s.of[from] >= maxStreamsAddress {
		return false
	}
	s.open++
	s.of[from]++
	return true
}

func (s *streams) end(from netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.of[from]--; s.of[from] == 0 {
		delete(s.of, from)
	}
}

// Stream implements answer.Streams. The clock of a request stops; that of the connection is left to who writes.
func (x *exchange) Stream() (context.Context, func(), error) {
	e, r := x.edge, x.asked
	addr, _ := clientAddr(r, e.TrustedProxies)
	from, actor := network(addr), account.FromContext(&x.limited)
	if !e.streams.begin(from, e.rate != nil && actor.Role != account.Operator) {
		return nil, nil, fault.New(fault.Limited, "", "ops.streams")
	}
	ctx, cancel := context.WithCancel(account.NewContext(x.first.Context, actor)) // which is not limited
	forget := func() bool { return false }
	server, _ := ctx.Value(stoppingKey{}).(*stopping) // nil where Serve does not serve
	if server != nil {
		if !server.begin() {
			cancel()
			e.streams.end(from)
			return nil, nil, fault.New(fault.Unavailable, "", "ops.stopping")
		}
		forget = context.AfterFunc(server.asked, cancel)
	}
	_ = http.NewResponseController(x.ResponseWriter).SetWriteDeadline(time.Time{}) // not every writer has a connection
	if !x.streaming {
		x.streaming = true
		e.Metrics.stream()
	}
	return ctx, sync.OnceFunc(func() {
		forget()
		cancel()
		e.streams.end(from)
		if server != nil {
			server.end()
		}
	}), nil
}

type stoppingKey struct{}

// stopping tells those who answer without an end that the server stops, and waits for them: of connections that were taken over
// net/http knows nothing.
type stopping struct {
	asked context.Context // ends when the server is asked to stop
	mu    sync.Mutex
	open  int
	ended bool
	none  chan struct{} // closed when it has ended and none is open
}

func newStopping(asked context.Context) *stopping {
	return &stopping{asked: asked, none: make(chan struct{})}
}

// begin counts one more. False: it is too late.
func (s *stopping) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.asked.Err() != nil {
		return false
	}
	s.open++
	return true
}

func (s *stopping) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open--; s.ended && s.open == 0 {
		close(s.none)
	}
}

// wait returns when none is open any more. False: ctx ended before.
func (s *stopping) wait(ctx context.Context) bool {
	s.mu.Lock()
	open := s.open
	s.ended = true
	s.mu.Unlock()
	if open == 0 {
		return true
	}
	select {
	case <-s.none:
		return true
	case <-ctx.Done():
		return false
	}
}
