package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"wangge/domain/account"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

// The protocol graphql-transport-ws: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
const socketProtocol = "graphql-transport-ws"

// What a connection may do.
const (
	maxMessage = 64 << 10         // bytes
	maxID      = 128              // bytes of a subscription's id
	maxAtATime = 10               // subscriptions
	maxBegun   = 200              // subscriptions as long as it is open: each costs what a request costs, of which rates are limited
	initTime   = 10 * time.Second // until connection_init
	pongTime   = 10 * time.Second // until a ping is answered
)

// Why a connection is closed, as the protocol numbers it.
const (
	closedBadMessage   websocket.StatusCode = 4400
	closedUnauthorized websocket.StatusCode = 4401
	closedForbidden    websocket.StatusCode = 4403
	closedNoInit       websocket.StatusCode = 4408
	closedSameID       websocket.StatusCode = 4409
	closedTooMany      websocket.StatusCode = 4429
)

var _ = fault.Register(
	[3]string{"socket.origin", "Pages of {origin} may not open a WebSocket here; its operator may allow it (CORS_ORIGINS).", "不允许 {origin} 的页面在此建立 WebSocket 连接；管理者可用 CORS_ORIGINS 放行。"},
	[3]string{"socket.protocol", "The WebSocket's protocol must be graphql-transport-ws.", "WebSocket 子协议须为 graphql-transport-ws。"},
	[3]string{"socket.only", "Only subscriptions are taken over a WebSocket; send queries and mutations by POST.", "WebSocket 只接受订阅，查询和修改请用 POST。"},
	[3]string{"socket.tooMany", "A connection may have {max} subscriptions at a time.", "一个连接最多同时有 {max} 个订阅。"},
)

// mayOpen reports whether the page that asks, if it is one, is ours or allowed: browsers send any page's request for a WebSocket.
func (s *Handler) mayOpen(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	from, err := url.Parse(origin)
	return err == nil && strings.EqualFold(from.Host, r.Host) ||
		slices.ContainsFunc(s.origins, func(o string) bool { return strings.EqualFold(o, origin) })
}

// serveSocket answers subscriptions over a WebSocket.
func (s *Handler) serveSocket(w http.ResponseWriter, r *http.Request) {
	w.Header()["Content-Type"] = olderType.header
	ctx := context.WithValue(r.Context(), operationKey{}, s.newOperation(r))
	refuse := func(status int, err error) { s.refuse(ctx, w, status, gqlerror.Wrap(err)) }
	if !s.mayOpen(r) {
		refuse(http.StatusForbidden, fault.New(fault.Forbidden, "", "socket.origin", "origin", fault.Shorten(r.Header.Get("Origin"), 100)))
		return
	}
	if !strings.Contains(strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","), socketProtocol) {
		refuse(http.StatusBadRequest, fault.New(fault.Invalid, "", "socket.protocol"))
		return
	}
	stream, end, err := answer.Stream(r)
	if err != nil {
		refuse(fault.As(err).Code.Status(), err)
		return
	}
	defer end()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{socketProtocol}, InsecureSkipVerify: true}) // mayOpen did
	if err != nil {
		return // it has said what is wrong
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxMessage)
	stream, cancel := context.WithCancel(stream)
	c := &socket{Handler: s, conn: conn, ctx: stream, asked: r, running: map[string]*subscription{}}
	stopped := make(chan struct{})
	context.AfterFunc(stream, func() {
		defer close(stopped)
		conn.Close(websocket.StatusGoingAway, "the server stops") // does nothing where it is closed
	})
	if code, reason := c.serve(); code != 0 {
		conn.Close(code, reason)
	}
	cancel()
	c.wait.Wait()
	<-stopped
}

// socket is a connection. Its messages are read one after another, and written by each subscription.
type socket struct {
	*Handler
	conn  *websocket.Conn
	ctx   context.Context // knows who asks, once that is known
	asked *http.Request

	begun   int // subscriptions
	running map[string]*subscription
	mu      sync.Mutex // guards running
	wait    sync.WaitGroup
}

type subscription struct{ cancel context.CancelFunc }

type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"id,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// serve reads what comes until the connection is at its end, or returns why it is to be closed.
func (c *socket) serve() (websocket.StatusCode, string) {
	late := time.AfterFunc(initTime, func() { c.conn.Close(closedNoInit, "Connection initialisation timeout") })
	code, reason := c.greet()
	late.Stop()
	if code != 0 || reason != "" {
		return code, reason
	}
	c.wait.Go(c.ping)
	for {
		m, ok, gone := c.read()
		switch {
		case gone:
			return 0, ""
		case !ok:
			return closedBadMessage, "Invalid message"
		}
		switch m.Type {
		case "subscribe":
			if code, reason := c.begin(m); code != 0 {
				return code, reason
			}
		case "complete":
			c.mu.Lock()
			if s := c.running[m.ID]; s != nil {
				s.cancel()
				delete(c.running, m.ID)
			}
			c.mu.Unlock()
		case "ping":
			c.send([]byte(`{"type":"pong"}`))
		case "pong":
		case "connection_init":
			return closedTooMany, "Too many initialisation requests"
		default:
			return closedBadMessage, "Unknown type of message"
		}
	}
}

// read reads a message. It waits without end: ping finds out that nobody is there.
func (c *socket) read() (m message, ok, gone bool) {
	kind, text, err := c.conn.Read(context.Background())
	if err != nil {
		return m, false, true
	}
	return m, kind == websocket.MessageText && json.Unmarshal(text, &m) == nil, false
}

// gone is what greet returns where the connection is at its end.
const gone = "gone"

// greet waits for connection_init, which may say who asks.
func (c *socket) greet() (websocket.StatusCode, string) {
	m, ok, ended := c.read()
	switch {
	case ended:
		return 0, gone
	case !ok:
		return closedBadMessage, "Invalid message"
	case m.Type != "connection_init":
		return closedUnauthorized, "Unauthorized"
	}
	var params struct{ Authorization string }
	if len(m.Payload) > 0 && json.Unmarshal(m.Payload, &params) != nil {
		return closedBadMessage, "Invalid payload"
	}
	if params.Authorization != "" {
		if c.auth == nil {
			return closedForbidden, "Forbidden"
		}
		as := c.asked.Clone(c.ctx)
		as.Header.Set("Authorization", params.Authorization)
		actor, err := c.auth(as)
		if err != nil {
			return closedForbidden, "Forbidden"
		}
		c.ctx = account.NewContext(c.ctx, actor)
	}
	c.asked = c.asked.WithContext(c.ctx)
	c.send([]byte(`{"type":"connection_ack"}`))
	return 0, ""
}

// begin begins a subscription, or tells why it does not; it returns why the connection is to be closed.
func (c *socket) begin(m message) (websocket.StatusCode, string) {
	if m.ID == "" || len(m.ID) > maxID {
		return closedBadMessage, "Invalid id"
	}
	c.mu.Lock()
	same, open := c.running[m.ID] != nil, len(c.running)
	c.mu.Unlock()
	c.begun++
	switch {
	case same:
		return closedSameID, "Subscriber for this id already exists"
	case c.begun > maxBegun:
		return closedTooMany, "Too many subscriptions"
	}
	op := c.newOperation(c.asked)
	ctx, cancel := context.WithCancel(context.WithValue(c.ctx, operationKey{}, op))
	fail := func(list ...*gqlerror.Error) (websocket.StatusCode, string) {
		defer cancel()
		c.fail(ctx, m.ID, list...)
		return 0, ""
	}
	if open >= maxAtATime {
		return fail(limited("socket.tooMany", maxAtATime))
	}
	params, err := readBody(m.Payload)
	if err == nil {
		err = params.check()
	}
	if err != nil {
		return fail(gqlerror.Wrap(err))
	}
	p, list := c.prepare(ctx, op, params)
	if list != nil {
		return fail(list...)
	}
	if p.operation.Operation != ast.Subscription {
		return fail(gqlerror.Wrap(fault.New(fault.Invalid, "", "socket.only")))
	}
	from, end, list := c.subscribe(ctx, op, p)
	if list != nil {
		return fail(list...)
	}
	s := &subscription{cancel}
	c.mu.Lock()
	c.running[m.ID] = s
	c.mu.Unlock()
	c.wait.Go(func() {
		defer end()
		defer cancel()
		c.follow(ctx, m.ID, op, p, from)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.running[m.ID] == s { // the id may be another's by now
			delete(c.running, m.ID)
		}
	})
	return 0, ""
}

// follow sends what a subscription tells until it ends.
func (c *socket) follow(ctx context.Context, id string, op *operation, p *prepared, from source) {
	defer func() {
		if reason := recover(); reason != nil { // nothing stands around this goroutine
			c.fail(ctx, id, gqlerror.Wrap(recovered(ctx, reason)))
		}
	}()
	for e, ok := from(ctx); ok; e, ok = from(ctx) {
		text := c.tell(ctx, op, p, e).appendTo(append(opened(id, "next"), `,"payload":`...))
		if !c.send(append(text, '}')) {
			return
		}
	}
	if ctx.Err() == nil {
		c.send(append(opened(id, "complete"), '}'))
	}
}

// fail tells why a subscription is not begun, or is at its end.
func (c *socket) fail(ctx context.Context, id string, list ...*gqlerror.Error) {
	errs, err := json.Marshal(c.refusal(ctx, http.StatusOK, list...).errors)
	if err != nil {
		panic(err) // messages and extensions are strings and numbers only
	}
	c.send(append(append(append(opened(id, "error"), `,"payload":`...), errs...), '}'))
}

// opened is the beginning of a message.
func opened(id, kind string) []byte {
	return append(append(append(quote([]byte(`{"id":`), id), `,"type":"`...), kind...), '"')
}

// send writes a message. False: nobody reads; the connection is then at its end.
func (c *socket) send(text []byte) bool {
	ctx, cancel := context.WithTimeout(context.Background(), writeTime)
	defer cancel()
	if c.conn.Write(ctx, websocket.MessageText, text) != nil {
		c.conn.CloseNow()
		return false
	}
	return true
}

// ping keeps the connection open, and ends it where nobody answers.
func (c *socket) ping() {
	ticks := time.NewTicker(pingEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
		case <-c.ctx.Done():
			return
		}
		ctx, cancel := context.WithTimeout(c.ctx, pongTime)
		err := c.conn.Ping(ctx)
		cancel()
		if err != nil {
			c.conn.CloseNow()
			return
		}
	}
}
