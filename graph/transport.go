package graph

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"wangge/internal/fault"
)

// What a request may bring. A value in JSON becomes some 100 bytes of memory and more, however short it is written: 10,000
// points are 50,000 values, a shape of 10,000 positions 30,000.
const (
	maxBody   = 10 << 20  // bytes
	maxValues = 200_000   // values in the body
	longBody  = 256 << 10 // bytes
	atOnce    = 4         // long bodies decoded at a time

	// Bodies that have not come to their end, or are not decoded yet, wait in memory: beyond smallBody each takes of the
	// room for all.
	smallBody  = 64 << 10
	roomForAll = 128 << 20
)

// longBodies holds a place for each long body that is decoded now, room the bytes of all that were read.
var (
	longBodies = make(chan struct{}, atOnce)
	room       atomic.Int64
)

// The media types of an answer. With the older one every well-formed request is answered with 200; with the newer one
// the status says whether it was executed (GraphQL over HTTP, draft of 2025, section 6.4).
const (
	oldType = "application/json"
	newType = "application/graphql-response+json"

	eventType = "text/event-stream" // where the answer has no end, and for clients that read nothing else
)

var _ = fault.Register(
	[3]string{"http.method", "Use POST, or GET for queries.", "请使用 POST；查询也可用 GET。"},
	[3]string{"http.mutation", "Mutations need POST.", "修改操作须使用 POST。"},
	[3]string{"http.accept", "The answer is application/json, application/graphql-response+json or text/event-stream; Accept allows none.", "只能返回 application/json、application/graphql-response+json 或 text/event-stream。"},
	[3]string{"http.subscription", "Subscriptions are answered as text/event-stream, which Accept must name, or over a WebSocket.", "订阅须以 text/event-stream(在 Accept 中注明)或 WebSocket 方式请求。"},
	[3]string{"http.contentType", "The Content-Type must be application/json in UTF-8.", "Content-Type 须为 UTF-8 的 application/json。"},
	[3]string{"http.tooLarge", "The body is larger than 10 MiB.", "请求体超过 10 MiB。"},
	[3]string{"http.busy", "Too many long requests are being received; try again.", "正在接收的长请求过多，请稍后重试。"},
	[3]string{"http.notUTF8", "The request is not UTF-8.", "请求不是 UTF-8 编码。"},
	[3]string{"http.batch", "Batches are not taken; send one request at a time.", "不支持批量请求，请逐个发送。"},
	[3]string{"http.json", "The body is no JSON object: {reason}.", "请求体不是 JSON 对象：{reason}。"},
	[3]string{"http.parameter", "{name} must be {kind}.", "{name} 的类型应为 {kind}。"},
	[3]string{"http.values", "The body holds more than {max} values.", "请求体中的值超过 {max} 个。"},
	[3]string{"http.persisted", "persistedQuery needs version 1 and a sha256Hash of 64 hexadecimal digits.", "persistedQuery 需要 version 1 和 64 位十六进制的 sha256Hash。"},
	[3]string{"http.hash", "sha256Hash is not the hash of query.", "sha256Hash 与 query 不符。"},
	[3]string{"http.noQuery", "query is missing.", "缺少 query。"},
	[3]string{"http.twoDocuments", "Send query or documentId, not both.", "query 与 documentId 只能提供其一。"},
)

// ServeHTTP answers GraphQL over HTTP. What is kept is found by the request's bytes, before anything is decoded.
func (s *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if to := r.Header["Upgrade"]; to != nil && strings.EqualFold(to[0], "websocket") {
		s.serveSocket(w, r)
		return
	}
	mediaType, acceptable := negotiate(r.Header["Accept"])
	h := w.Header()
	h["Content-Type"] = mediaType.header
	vary(h)
	body, status, err := s.read(w, r)
	if body != nil {
		defer body.release()
	}
	var key *answerKey
	if acceptable && err == nil && mediaType != eventStream {
		key = s.answers.keyOf(r, mediaType, body)
		if found := s.answers.find(key); found != nil {
			found.write(w, r)
			return
		}
	}
	h["Cache-Control"] = noStore
	op := s.newOperation(r)
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), operationKey{}, op), s.timeout)
	defer cancel()
	defer func() {
		if reason := recover(); reason != nil && reason != http.ErrAbortHandler {
			s.refuse(ctx, w, http.StatusInternalServerError, gqlerror.Wrap(recovered(ctx, reason)))
		}
	}()
	if !acceptable {
		s.refuse(ctx, w, http.StatusNotAcceptable, gqlerror.Wrap(fault.New(fault.Invalid, "", "http.accept")))
		return
	}
	leave := func() {}
	if err == nil {
		leave, status, err = placeFor(ctx, body)
	}
	defer leave() // where something panics
	var params *request
	if err == nil {
		params, status, err = decode(r, body)
	}
	if err != nil {
		leave()
		if status == http.StatusMethodNotAllowed {
			h.Set("Allow", "GET, POST")
		}
		s.refuse(ctx, w, status, gqlerror.Wrap(err))
		return
	}
	p, list := s.prepare(ctx, op, params)
	leave()
	if list == nil && p.operation.Operation == ast.Subscription && mediaType != eventStream {
		s.refuse(ctx, w, http.StatusNotAcceptable, gqlerror.Wrap(fault.New(fault.Invalid, "", "http.subscription")))
		return
	}
	if list != nil && mediaType == eventStream {
		newEvents(w).only(s.refusal(ctx, http.StatusOK, list...)) // an EventSource reads nothing else
		return
	}
	if list != nil {
		status := http.StatusOK
		if mediaType.name == newType {
			status = statusOf(list)
		}
		s.refuse(ctx, w, status, list...)
		return
	}
	if r.Method == http.MethodGet && p.operation.Operation == ast.Mutation {
		h.Set("Allow", "POST")
		s.refuse(ctx, w, http.StatusMethodNotAllowed, gqlerror.Wrap(fault.New(fault.Invalid, "", "http.mutation")))
		return
	}
	if mediaType == eventStream {
		s.serveEvents(ctx, w, r, op, p)
		return
	}
	if key == nil || !p.keeps(op.Variables) {
		s.execute(ctx, op, p).write(w)
		return
	}
	if found, own := s.answers.once(ctx, *key, func() *reply { return s.execute(ctx, op, p) }); found != nil {
		found.write(w, r)
	} else {
		own.write(w)
	}
}

// vary says in one line what the answer depends on, besides what was said before.
func vary(h http.Header) {
	const usual, packed = "Accept, Accept-Language", "Accept-Encoding"
	by := usual
	if before := strings.Join(h["Vary"], ", "); before != "" {
		by = before + ", " + usual
	}
	if !strings.Contains(by, packed) {
		by += ", " + packed
	}
	h["Vary"] = []string{by}
}

// refuse answers a request that is not executed.
func (s *Handler) refuse(ctx context.Context, w http.ResponseWriter, status int, list ...*gqlerror.Error) {
	s.refusal(ctx, status, list...).write(w)
}

func (s *Handler) refusal(ctx context.Context, status int, list ...*gqlerror.Error) *reply {
	ctx = s.responding(ctx)
	for _, err := range list {
		graphql.AddError(ctx, err)
	}
	return &reply{status: status, errors: graphql.GetErrors(ctx), text: []byte("{}\n")}
}

// statusOf is the status of a request that was not executed: that of its first error's fault.
func statusOf(list gqlerror.List) int {
	var f *fault.Error
	switch {
	case errors.As(list[0], &f):
		return f.Code.Status()
	case list[0].Message == apqNotFound:
		return http.StatusOK // the client is expected to send the document now
	}
	return http.StatusBadRequest
}

// mediaType is one that an answer may have, with its header as it is sent.
type mediaType struct {
	name   string
	header []string
}

// Headers are shared by all answers: net/http and what stands around this handler only read or replace their values.
var (
	olderType = &mediaType{oldType, []string{oldType + "; charset=utf-8"}}
	newerType = &mediaType{newType, []string{newType + "; charset=utf-8"}}

	// eventStream is a stream of answers; until it begins, what is refused is told as ever.
	eventStream = &mediaType{eventType, olderType.header}

	noStore = []string{"no-store"}
)

// negotiate chooses the media type of the answer: the newer one only where it is named, as the draft asks for clients
// that are older than it. False: the client takes neither.
func negotiate(accept []string) (*mediaType, bool) {
	list := strings.Join(accept, ",")
	if trimmed := strings.TrimSpace(list); trimmed == "" || trimmed == "*/*" || trimmed == oldType {
		return olderType, true
	}
	best, chosen := 0.0, (*mediaType)(nil)
	for _, part := range strings.Split(list, ",") {
		name, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		quality := 1.0
		if q, ok := params["q"]; ok {
			if quality, err = strconv.ParseFloat(q, 64); err != nil {
				continue
			}
		}
		var offer *mediaType
		switch name {
		case newType:
			offer = newerType
		case eventType:
			offer = eventStream
		case oldType, "*/*", "application/*":
			offer = olderType
		}
		if offer != nil && quality > best {
			best, chosen = quality, offer
		}
	}
	if chosen == nil {
		return olderType, false
	}
	return chosen, true
}

// sent is what a client sent: the body of a POST, the parameters of a GET. It is valid until release is called.
type sent struct {
	bytes.Buffer
	came, room int64 // bytes read, and those of room that they take
}

var bodies = sync.Pool{New: func() any { return &sent{} }}

func (s *sent) release() {
	room.Add(-s.room)
	s.came, s.room = 0, 0
	if s.Cap() <= longBuffer {
		s.Reset()
		bodies.Put(s)
	}
}

// coming reads a body into s as it comes, and takes room for what has come.
type coming struct {
	from io.Reader
	*sent
}

var errNoRoom = fault.New(fault.Unavailable, "", "http.busy")

func (c coming) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.came += int64(n)
	if more := c.came - smallBody - c.room; more > 0 {
		c.room += more
		if room.Add(more) > roomForAll {
			return n, errNoRoom
		}
	}
	return n, err
}

// read reads what was sent, within the time of one request; an error comes with its status. Memory is taken as bytes
// come, whatever length was announced.
func (s *Handler) read(w http.ResponseWriter, r *http.Request) (*sent, int, error) {
	switch r.Method {
	case http.MethodGet:
		body := bodies.Get().(*sent)
		body.WriteString(r.URL.RawQuery)
		return body, http.StatusOK, nil
	case http.MethodPost:
	default:
		return nil, http.StatusMethodNotAllowed, fault.New(fault.Invalid, "", "http.method")
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		return nil, http.StatusUnsupportedMediaType, fault.New(fault.Invalid, "", "http.contentType")
	}
	if r.ContentLength > maxBody {
		return nil, http.StatusRequestEntityTooLarge, fault.New(fault.Limited, "", "http.tooLarge")
	}
	body := bodies.Get().(*sent)
	from := io.Reader(r.Body)
	if r.ContentLength < 0 || r.ContentLength > smallBody {
		conn := http.NewResponseController(w)
		if conn.SetReadDeadline(time.Now().Add(s.timeout)) == nil { // not every writer has a connection
			defer conn.SetReadDeadline(time.Time{})
		}
		from = coming{http.MaxBytesReader(w, r.Body, maxBody), body}
	}
	_, err := body.ReadFrom(from)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return body, http.StatusRequestEntityTooLarge, fault.New(fault.Limited, "", "http.tooLarge")
	case errors.Is(err, errNoRoom):
		return body, http.StatusServiceUnavailable, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return body, http.StatusRequestTimeout, fault.Wrap(err, fault.Unavailable, "", "timeout")
	case err != nil:
		return body, http.StatusBadRequest, fault.Wrap(err, fault.Invalid, "", "http.json", "reason", "it ends too early")
	}
	return body, http.StatusOK, nil
}

// isJSON reports whether a Content-Type is that of JSON in UTF-8.
func isJSON(contentType string) bool {
	if contentType == oldType {
		return true
	}
	kind, extra, err := mime.ParseMediaType(contentType)
	charset := extra["charset"]
	return err == nil && kind == oldType && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

// request is what a client asks.
type request struct {
	query, operation, document string
	variables, extensions      map[string]any
	raw                        json.RawMessage // variables that are not decoded yet: an object
}

// placeFor waits until what was sent may be decoded, its variables included, which is so until leave is called. Few long bodies are
// decoded at a time: those take many times their length. An error comes with its status.
func placeFor(ctx context.Context, body *sent) (leave func(), status int, err error) {
	if body.Len() <= longBody {
		return func() {}, http.StatusOK, nil
	}
	select {
	case longBodies <- struct{}{}:
		return sync.OnceFunc(func() { <-longBodies }), http.StatusOK, nil
	case <-ctx.Done():
		return func() {}, http.StatusServiceUnavailable, fault.Wrap(ctx.Err(), fault.Unavailable, "", "timeout")
	}
}

// decode reads the parameters of a request from what was sent; an error comes with its status.
func decode(r *http.Request, body *sent) (*request, int, error) {
	var p *request
	var err error
	if r.Method == http.MethodGet {
		p, err = readQuery(r.URL.RawQuery)
	} else {
		p, err = readBody(body.Bytes())
	}
	if err == nil {
		err = p.check()
	}
	if err != nil {
		return nil, http.StatusBadRequest, err
	}
	return p, http.StatusOK, nil
}

func readBody(body []byte) (*request, error) {
	body = bytes.TrimLeft(body, " \t\r\n")
	if !utf8.Valid(body) {
		return nil, fault.New(fault.Invalid, "", "http.notUTF8")
	}
	if len(body) > 0 && body[0] == '[' {
		return nil, fault.New(fault.Invalid, "", "http.batch")
	}
	if values(body) > maxValues {
		return nil, limited("http.values", maxValues)
	}
	members, err := membersOf(body)
	if err != nil || members == nil {
		reason := "it is null"
		var shape *json.UnmarshalTypeError
		switch {
		case errors.As(err, &shape):
			reason = "it is a " + shape.Value
		case err != nil:
			reason = err.Error()
		}
		return nil, fault.Wrap(err, fault.Invalid, "", "http.json", "reason", reason)
	}
	var p request
	for _, m := range []struct {
		name, kind string
		into       any
	}{
		{"query", "a string", &p.query},
		{"operationName", "a string", &p.operation},
		{"documentId", "a string", &p.document},
		{"variables", "an object", &p.variables},
		{"extensions", "an object", &p.extensions},
	} {
		raw, err := members[m.name], error(nil)
		if m.into == any(&p.variables) && len(raw) > 0 && raw[0] == '{' {
			p.raw = raw // decoded when it is known what is in them
			continue
		}
		if text, ok := m.into.(*string); !ok {
			err = member(raw, m.into)
		} else if len(raw) > 0 {
			err = json.Unmarshal(raw, text)
		}
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, m.name, "http.parameter", "name", m.name, "kind", m.kind)
		}
	}
	return &p, nil
}

// membersOf are the members of an object of JSON; nil: it is null. Package json would look at each of its bytes three times.
func membersOf(body []byte) (members map[string]json.RawMessage, err error) {
	if len(body) == 0 || body[0] != '{' || !jsontext.Value(body).IsValid(jsontext.AllowDuplicateNames(true)) {
		err = json.Unmarshal(body, &members) // which says what is wrong, if anything
		return members, err
	}
	members = map[string]json.RawMessage{}
	r := &reader{text: body}
	if !r.object(func(name []byte) bool { members[string(name)] = r.value(); return true }) {
		members = nil
		err = json.Unmarshal(body, &members)
	}
	return members, err
}

// values is an upper bound of the number of values in a JSON text: every one but the first in a list or object follows
// a comma, the first a bracket.
func values(raw []byte) int {
	n, quoted := 1, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == '[' || c == '{'):
			n++
		}
	}
	return n
}

// check refuses a request that names no document, two, or one by what cannot be a hash.
func (p *request) check() error {
	if p.document != "" && p.query != "" {
		return fault.New(fault.Invalid, "documentId", "http.twoDocuments")
	}
	said, ok := p.extensions["persistedQuery"]
	if !ok || said == nil {
		if p.query == "" && p.document == "" {
			return fault.New(fault.Invalid, "query", "http.noQuery")
		}
		return nil
	}
	query, _ := said.(map[string]any)
	hash, _ := query["sha256Hash"].(string)
	version, _ := query["version"].(json.Number)
	switch {
	case version != "1" || len(hash) != 2*sha256.Size:
		return fault.New(fault.Invalid, "extensions.persistedQuery", "http.persisted")
	case p.query != "" && hash != hashOf(p.query):
		return fault.New(fault.Invalid, "extensions.persistedQuery.sha256Hash", "http.hash")
	}
	return nil
}

// persisted is the hash of an automatic persisted query; "" where the request is none.
func (p *request) persisted() string {
	query, _ := p.extensions["persistedQuery"].(map[string]any)
	hash, _ := query["sha256Hash"].(string)
	return hash
}

// hashOf names a document: its SHA-256 in hexadecimal digits.
func hashOf(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:])
}

func readQuery(raw string) (*request, error) {
	values, err := url.ParseQuery(raw)
	if err != nil || !utf8.ValidString(values.Encode()) {
		return nil, fault.New(fault.Invalid, "", "http.notUTF8")
	}
	p := request{query: values.Get("query"), operation: values.Get("operationName"), document: values.Get("documentId")}
	for name, into := range map[string]*map[string]any{"variables": &p.variables, "extensions": &p.extensions} {
		if err := member(json.RawMessage(values.Get(name)), into); err != nil {
			return nil, fault.Wrap(err, fault.Invalid, name, "http.parameter", "name", name, "kind", "an object")
		}
	}
	return &p, nil
}

// member reads one parameter; a missing one and null leave into as it is. Numbers keep their digits.
func member(raw json.RawMessage, into any) error {
	if len(raw) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows")
	}
	return nil
}

// reply is an answer. text is an object of JSON, and is valid until it was written.
type reply struct {
	status  int
	errors  gqlerror.List
	text    []byte
	dated   bool   // its data are not of now
	release func() // gives text back; nil: nothing to give
}

// write writes an answer. Its data are JSON already, and are written as they are; errors stand before them, in the order
// of their paths.
func (a *reply) write(w http.ResponseWriter) {
	if a.release != nil {
		defer a.release()
	}
	head := a.head()
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(head) + len(a.text))}
	w.WriteHeader(a.status)
	if len(head) > 0 {
		w.Write(head) // a client that has gone is none of our errors
	}
	w.Write(a.text)
}

// head is what stands before text, which it makes begin accordingly: the errors.
func (a *reply) head() (head []byte) {
	if len(a.errors) > 0 {
		slices.SortStableFunc(a.errors, func(a, b *gqlerror.Error) int { return comparePaths(a.Path, b.Path) })
		list, err := json.Marshal(a.errors)
		if err != nil {
			panic(err) // messages and extensions are strings and numbers only
		}
		head = append(append(head, `{"errors":`...), list...)
		if a.text = a.text[1:]; a.text[0] != '}' {
			head = append(head, ',')
		}
	}
	return head
}

// appendTo appends an answer, in one line, to a message.
func (a *reply) appendTo(message []byte) []byte {
	if a.release != nil {
		defer a.release()
	}
	message = append(message, a.head()...)
	return append(message, bytes.TrimSuffix(a.text, []byte("\n"))...)
}

// comparePaths orders by the first step that differs: entries of a list by their number, fields by their name.
func comparePaths(a, b ast.Path) int {
	return slices.CompareFunc(a, b, func(a, b ast.PathElement) int {
		i, inList := a.(ast.PathIndex)
		j, both := b.(ast.PathIndex)
		if inList && both {
			return cmp.Compare(i, j)
		}
		m, _ := a.(ast.PathName)
		n, _ := b.(ast.PathName)
		return cmp.Compare(m, n)
	})
}
