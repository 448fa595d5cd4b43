package graph

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/internal/fault"
)

// Options of the handler. The zero value is sensible.
type Options struct {
	Log     *slog.Logger  // internal errors go here; nil means slog.Default()
	Timeout time.Duration // of one request; 0 means 20 s

	// RequestID is the id that the rest of the server knows a request by; clients are told it with an internal error.
	// Nil, or where it is "": each such error gets an id of its own.
	RequestID func(context.Context) string

	// Version names the state of the data that is answered from, and the civil day; two answers to the same request are
	// the same where it is. False: the state may be older than the database's, and nothing is kept of it. Nil: nothing is
	// kept at all.
	Version func() (version string, current bool)
	// AsOf is the instant of the data, and whether they are current. Where they are not, answers say so in
	// extensions.dataAsOf. Nil: they always are.
	AsOf func() (at time.Time, current bool)
	// AnswerCache is how many bytes of answers are kept; 0 means 64 MiB, below 0 none.
	AnswerCache int64

	// Auth finds out who sends a request whose Authorization came by connection_init: browsers send none with a WebSocket.
	// Nil: whoever sends one is refused.
	Auth func(*http.Request) (account.Actor, error)
	// Origin finds out where a request comes from, for the audit. Nil: nobody knows.
	Origin func(*http.Request) audit.Origin
	// Origins are those whose pages may open a WebSocket besides our own, as "https://map.example.cn".
	Origins []string

	// Trusted is a folder of documents (*.graphql) that are trusted besides our own; "" is none.
	Trusted string
	// OnlyTrusted refuses all other documents to the public.
	OnlyTrusted bool
	// StaffCost is what a request of staff may cost; 0 means 2,000,000. What the public's and the operator's may is fixed.
	StaffCost int
}

// Handler serves GraphQL over HTTP.
type Handler struct {
	schema    *executableSchema
	documents *documents
	persisted *otter.Cache[string, string] // automatic persisted queries by their hash
	trusted   trusted
	only      bool // trusted documents for the public
	staffCost int
	answers   *answers
	timeout   time.Duration
	asOf      func() (time.Time, bool)
	present   graphql.ErrorPresenterFunc
	auth      func(*http.Request) (account.Actor, error)
	origins   []string
	audit     *audit.Service
	origin    func(*http.Request) audit.Origin
	open      atomic.Int64 // subscriptions

	judge func(context.Context) ([]byte, gqlerror.List) // executes instead, in tests
}

// What is remembered of automatic persisted queries between requests, bytes.
const (
	persistedKept = 16 << 20
	longestHashed = 64 << 10
)

// NewHandler serves GraphQL over HTTP: POST and, for queries, GET; subscriptions by server-sent events and WebSocket. The request's context holds the actor
// (account.NewContext); without one nothing can be read. It fails where a trusted document cannot be read or is wrong.
func NewHandler(r *Resolver, o Options) (*Handler, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	if o.AnswerCache == 0 {
		o.AnswerCache = answersKept
	}
	if o.StaffCost == 0 {
		o.StaffCost = maxStaffCost
	}
	schema := &executableSchema{Resolvers: r}
	s := &Handler{
		schema:    schema,
		documents: newDocuments(schema.Schema()),
		persisted: otter.Must(&otter.Options[string, string]{
			MaximumWeight: persistedKept,
			Weigher:       func(hash, query string) uint32 { return uint32(len(hash) + len(query)) },
		}),
		only: o.OnlyTrusted, staffCost: o.StaffCost,
		answers: newAnswers(o.AnswerCache, o.Version),
		timeout: o.Timeout,
		asOf:    o.AsOf,
		present: present(o.Log, o.RequestID),
		auth:    o.Auth,
		origins: o.Origins,
		audit:   r.Audit,
		origin:  o.Origin,
	}
	var err error
	s.trusted, err = trustedDocuments(s.documents, o.Trusted)
	return s, err
}

// responding is ctx with a place for errors.
func (s *Handler) responding(ctx context.Context) context.Context {
	return graphql.WithResponseContext(ctx, s.present, recovered)
}

// prepare finds the operation that is asked for, reads its variables, and refuses it where it may cost too much.
func (s *Handler) prepare(ctx context.Context, op *operation, r *request) (*prepared, gqlerror.List) {
	if err := s.document(ctx, r); err != nil {
		return nil, gqlerror.List{err}
	}
	p, list := s.documents.of(r.query, r.operation)
	if list != nil {
		return nil, list
	}
	variables, err := s.variables(p, r)
	if err != nil {
		wrong := gqlerror.WrapIfUnwrapped(err)
		errcode.Set(wrong, errcode.ValidationFailed)
		return nil, gqlerror.List{wrong}
	}
	if p, list = p.with(variables); list != nil {
		return nil, list
	}
	if err := p.price(ctx, s.allowance(ctx), variables); err != nil {
		return nil, gqlerror.List{err}
	}
	if p.operation.Operation == ast.Mutation {
		if err := account.FromContext(ctx).RequireWriter(); err != nil {
			return nil, gqlerror.List{gqlerror.Wrap(err)}
		}
	}
	op.OperationContext = graphql.OperationContext{
		RawQuery: r.query, Variables: variables, OperationName: r.operation, Doc: p.doc, Extensions: r.extensions, Headers: op.http.Header,
		Operation: p.operation, RecoverFunc: recovered,
	}
	op.laid, op.audit, op.origin = p, s.audit, s.origin
	op.ec = newExecutionContext(&op.OperationContext, s.schema, nil)
	return p, nil
}

// document finds the text of the document that r names.
func (s *Handler) document(ctx context.Context, r *request) *gqlerror.Error {
	if r.document != "" {
		text, ok := s.trusted[r.document]
		if !ok {
			return gqlerror.Wrap(s.trusted.notFound(r.document))
		}
		r.query = text
		return nil
	}
	if hash := r.persisted(); hash != "" && r.query == "" {
		text, ok := s.persisted.GetIfPresent(hash)
		if !ok {
			err := gqlerror.Errorf(apqNotFound)
			errcode.Set(err, "PERSISTED_QUERY_NOT_FOUND")
			return err
		}
		r.query = text
	} else if hash != "" && len(r.query) <= longestHashed { // check has found that it is the query's
		s.persisted.Set(hash, r.query)
	}
	if s.only && isPublic(ctx) && !s.trusted.holds(r.query) {
		return gqlerror.Wrap(fault.New(fault.Forbidden, "query", "trusted.only"))
	}
	return nil
}

// execute answers an operation.
func (s *Handler) execute(ctx context.Context, op *operation, p *prepared) *reply {
	ctx = s.responding(graphql.WithOperationContext(ctx, &op.OperationContext))
	a := &reply{status: http.StatusOK}
	switch {
	case ctx.Err() != nil: // the time was up before anything was read
		graphql.AddError(ctx, gqlerror.Wrap(context.Cause(ctx)))
		a.errors, a.text = graphql.GetErrors(ctx), []byte("{}\n")
	case s.judge != nil:
		a.text, a.errors = s.judge(ctx)
	default:
		more := s.extensions()
		a.text, a.errors, a.release = p.execute(ctx, op.ec, more)
		a.dated = more != ""
	}
	if op.tooLong() || len(a.text) > maxAnswer {
		ctx = s.responding(context.WithValue(ctx, operationKey{}, s.newOperation(op.http))) // what is said now is short
		graphql.AddError(ctx, gqlerror.Wrap(errTooLong))
		a.errors, a.text = graphql.GetErrors(ctx), []byte(`{"data":null}`+"\n") // it was executed
	}
	return a
}

// extensions are those of every answer, as they are written; "" is none.
func (s *Handler) extensions() string {
	if s.asOf == nil {
		return ""
	}
	at, current := s.asOf()
	if current {
		return ""
	}
	return `,"extensions":{"dataAsOf":` + string(quote(nil, at.Format(time.RFC3339))) + `}`
}
