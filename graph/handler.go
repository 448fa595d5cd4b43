package graph

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
)

// Options of the handler. The zero value is sensible.
type Options struct {
	Log     *slog.Logger  // internal errors go here; nil means slog.Default()
	Timeout time.Duration // of one request; 0 means 20 s

	// RequestID is the id that the rest of the server knows a request by; clients are told it with an internal error.
	// Nil, or where it is "": each such error gets an id of its own.
	RequestID func(context.Context) string
}

// What is remembered between requests. A parsed document takes some fifty times its text, so that the longest kept
// bound the memory to some 200 MB even where somebody fills the cache on purpose.
const (
	documentsKept   = 500
	longestDocument = 8 << 10 // bytes
	longestHashed   = 64 << 10
)

// NewHandler serves GraphQL over HTTP: POST and, for queries, GET. The request's context holds the actor
// (account.NewContext); without one nothing can be read.
func NewHandler(r *Resolver, o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	documents := shortOnly[*ast.QueryDocument]{lru.New[*ast.QueryDocument](documentsKept), longestDocument, nil}
	s := handler.New(NewExecutableSchema(Config{Resolvers: r}))
	s.AddTransport(transport{timeout: o.Timeout})
	s.SetErrorPresenter(present(o.Log, o.RequestID))
	s.SetRecoverFunc(recovered)
	s.SetQueryCache(documents)
	s.SetDisableSuggestion(true)
	s.Use(extension.Introspection{})
	s.Use(extension.AutomaticPersistedQuery{
		Cache: shortOnly[string]{lru.New[string](documentsKept), longestHashed, func(s string) string { return s }},
	})
	s.Use(limits{known: documents})
	s.Use(answerLimit{})
	return s
}

// shortOnly is a cache that keeps no entry with a long text: the value's where text is set, else the key's.
type shortOnly[T any] struct {
	graphql.Cache[T]
	longest int
	text    func(T) string
}

// Add implements graphql.Cache.
func (c shortOnly[T]) Add(ctx context.Context, key string, value T) {
	text := key
	if c.text != nil {
		text = c.text(value)
	}
	if len(text) <= c.longest {
		c.Cache.Add(ctx, key, value)
	}
}
