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
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"wangge/internal/fault"
)

// What a request may bring. A value in JSON becomes some 100 bytes of memory and more, however short it is written: 10,000
// points are 50,000 values, a shape of 10,000 positions 30,000.
const (
	maxBody   = 10 << 20 // bytes
	maxValues = 200_000  // values in the body
	longBody  = 256 << 10
	atOnce    = 4 // long bodies read and decoded at a time
)

// longBodies holds a place for each long body that is read or decoded now.
var longBodies = make(chan struct{}, atOnce)

// The media types of an answer. With the older one every well-formed request is answered with 200; with the newer one
// the status says whether it was executed (GraphQL over HTTP, draft of 2025, section 6.4).
const (
	oldType = "application/json"
	newType = "application/graphql-response+json"
)

var _ = fault.Register(
	[3]string{"http.method", "Use POST, or GET for queries.", "请使用 POST；查询也可用 GET。"},
	[3]string{"http.mutation", "Mutations need POST.", "修改操作须使用 POST。"},
	[3]string{"http.accept", "The answer is application/json or application/graphql-response+json; Accept allows neither.", "只能返回 application/json 或 application/graphql-response+json。"},
	[3]string{"http.contentType", "The Content-Type must be application/json in UTF-8.", "Content-Type 须为 UTF-8 的 application/json。"},
	[3]string{"http.tooLarge", "The body is larger than 10 MiB.", "请求体超过 10 MiB。"},
	[3]string{"http.notUTF8", "The request is not UTF-8.", "请求不是 UTF-8 编码。"},
	[3]string{"http.batch", "Batches are not taken; send one request at a time.", "不支持批量请求，请逐个发送。"},
	[3]string{"http.json", "The body is no JSON object: {reason}.", "请求体不是 JSON 对象：{reason}。"},
	[3]string{"http.parameter", "{name} must be {kind}.", "{name} 的类型应为 {kind}。"},
	[3]string{"http.values", "The body holds more than {max} values.", "请求体中的值超过 {max} 个。"},
	[3]string{"http.persisted", "persistedQuery needs version 1 and a sha256Hash of 64 hexadecimal digits.", "persistedQuery 需要 version 1 和 64 位十六进制的 sha256Hash。"},
	[3]string{"http.hash", "sha256Hash is not the hash of query.", "sha256Hash 与 query 不符。"},
	[3]string{"http.noQuery", "query is missing.", "缺少 query。"},
)

// transport is GraphQL over HTTP for gqlgen. gqlgen's own answers a JSON array as a request, repeats the body in errors,
// and writes the answer twice.
type transport struct{ timeout time.Duration }

var _ graphql.Transport = transport{}

// Supports implements graphql.Transport: every request, so that every refusal has a code.
func (transport) Supports(*http.Request) bool { return true }

// Do implements graphql.Transport.
func (t transport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), languageKey{}, languageOf(r)), t.timeout)
	defer cancel()
	mediaType, acceptable := negotiate(r.Header.Values("Accept"))
	h := w.Header()
	h.Set("Content-Type", mediaType+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Accept, Accept-Language")

	refuse := func(status int, list ...*gqlerror.Error) {
		write(w, status, exec.DispatchError(ctx, list))
	}
	if !acceptable {
		refuse(http.StatusNotAcceptable, gqlerror.Wrap(fault.New(fault.Invalid, "", "http.accept")))
		return
	}
	params, status, err := read(w, r)
	if err != nil {
		if status == http.StatusMethodNotAllowed {
			h.Set("Allow", "GET, POST")
		}
		refuse(status, gqlerror.Wrap(err))
		return
	}
	op, list := exec.CreateOperationContext(ctx, params)
	if list != nil {
		status := http.StatusOK
		if mediaType == newType {
			status = statusOf(list)
		}
		refuse(status, list...)
		return
	}
	if r.Method == http.MethodGet && op.Operation.Operation != ast.Query {
		h.Set("Allow", "POST")
		refuse(http.StatusMethodNotAllowed, gqlerror.Wrap(fault.New(fault.Invalid, "", "http.mutation")))
		return
	}
	running, answer := newOperation(ctx)
	respond, running := exec.DispatchOperation(running, op)
	resp := respond(running)
	switch {
	case resp == nil: // the time was up before anything was read
		resp = exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(context.DeadlineExceeded)})
	case answer.tooLong() || len(resp.Data) > maxAnswer:
		resp = exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(errTooLong)})
		resp.Data = json.RawMessage("null") // it was executed
	}
	write(w, http.StatusOK, resp)
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

// negotiate chooses the media type of the answer: the newer one only where it is named, as the draft asks for clients
// that are older than it. False: the client takes neither.
func negotiate(accept []string) (string, bool) {
	list := strings.Join(accept, ",")
	if strings.TrimSpace(list) == "" {
		return oldType, true
	}
	best, chosen := 0.0, ""
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
		offer := ""
		switch name {
		case newType, oldType:
			offer = name
		case "*/*", "application/*":
			offer = oldType
		}
		if offer != "" && quality > best {
			best, chosen = quality, offer
		}
	}
	if chosen == "" {
		return oldType, false
	}
	return chosen, true
}

// read reads the parameters of a request; an error comes with its status.
func read(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, int, error) {
	start := graphql.Now()
	var params *graphql.RawParams
	var err error
	switch r.Method {
	case http.MethodGet:
		params, err = readQuery(r.URL.RawQuery)
	case http.MethodPost:
		kind, extra, typeErr := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if charset := extra["charset"]; typeErr != nil || kind != oldType || charset != "" && !strings.EqualFold(charset, "utf-8") {
			return nil, http.StatusUnsupportedMediaType, fault.New(fault.Invalid, "", "http.contentType")
		}
		if r.ContentLength < 0 || r.ContentLength > longBody {
			select {
			case longBodies <- struct{}{}:
				defer func() { <-longBodies }()
			case <-r.Context().Done():
				return nil, http.StatusServiceUnavailable, fault.Wrap(r.Context().Err(), fault.Unavailable, "", "timeout")
			}
		}
		body, readErr := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(readErr, &tooLarge):
			return nil, http.StatusRequestEntityTooLarge, fault.New(fault.Limited, "", "http.tooLarge")
		case readErr != nil:
			return nil, http.StatusBadRequest, fault.Wrap(readErr, fault.Invalid, "", "http.json", "reason", "it ends too early")
		}
		params, err = readBody(body)
	default:
		return nil, http.StatusMethodNotAllowed, fault.New(fault.Invalid, "", "http.method")
	}
	if err != nil {
		return nil, http.StatusBadRequest, err
	}
	if err := checkPersisted(params); err != nil {
		return nil, http.StatusBadRequest, err
	}
	if params.Query == "" && params.Extensions["persistedQuery"] == nil {
		return nil, http.StatusBadRequest, fault.New(fault.Invalid, "query", "http.noQuery")
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	return params, http.StatusOK, nil
}

func readBody(body []byte) (*graphql.RawParams, error) {
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
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
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
	var p graphql.RawParams
	for _, m := range []struct {
		name, kind string
		into       any
	}{
		{"query", "a string", &p.Query},
		{"operationName", "a string", &p.OperationName},
		{"variables", "an object", &p.Variables},
		{"extensions", "an object", &p.Extensions},
	} {
		if err := member(members[m.name], m.into); err != nil {
			return nil, fault.Wrap(err, fault.Invalid, m.name, "http.parameter", "name", m.name, "kind", m.kind)
		}
	}
	return &p, nil
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

// checkPersisted refuses what cannot be an automatic persisted query, which gqlgen would call a fault of ours.
func checkPersisted(p *graphql.RawParams) error {
	said, ok := p.Extensions["persistedQuery"]
	if !ok || said == nil {
		return nil
	}
	query, _ := said.(map[string]any)
	hash, _ := query["sha256Hash"].(string)
	version, _ := query["version"].(json.Number)
	sum := sha256.Sum256([]byte(p.Query))
	switch {
	case version != "1" || len(hash) != 2*sha256.Size:
		return fault.New(fault.Invalid, "extensions.persistedQuery", "http.persisted")
	case p.Query != "" && hash != hex.EncodeToString(sum[:]):
		return fault.New(fault.Invalid, "extensions.persistedQuery.sha256Hash", "http.hash")
	}
	return nil
}

func readQuery(raw string) (*graphql.RawParams, error) {
	values, err := url.ParseQuery(raw)
	if err != nil || !utf8.ValidString(values.Encode()) {
		return nil, fault.New(fault.Invalid, "", "http.notUTF8")
	}
	p := graphql.RawParams{Query: values.Get("query"), OperationName: values.Get("operationName")}
	for name, into := range map[string]*map[string]any{"variables": &p.Variables, "extensions": &p.Extensions} {
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

// write writes an answer. The data are JSON already, and are written as they are; errors, which fields that are resolved
// at once add as they come, are put in the order of their paths.
func write(w http.ResponseWriter, status int, resp *graphql.Response) {
	var head bytes.Buffer // before the data, which may be long and so are not copied
	head.WriteByte('{')
	if len(resp.Errors) > 0 {
		slices.SortStableFunc(resp.Errors, func(a, b *gqlerror.Error) int { return comparePaths(a.Path, b.Path) })
		list, err := json.Marshal(resp.Errors)
		if err != nil {
			panic(err) // gqlgen's Server answers 500; messages and extensions are strings and numbers only
		}
		head.WriteString(`"errors":`)
		head.Write(list)
	}
	if resp.Data != nil {
		if head.Len() > 1 {
			head.WriteByte(',')
		}
		head.WriteString(`"data":`)
	}
	const tail = "}\n"
	w.Header().Set("Content-Length", strconv.Itoa(head.Len()+len(resp.Data)+len(tail)))
	w.WriteHeader(status)
	w.Write(head.Bytes()) // a client that has gone is none of our errors
	w.Write(resp.Data)
	io.WriteString(w, tail)
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
