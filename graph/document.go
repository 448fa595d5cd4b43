package graph

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"wangge/domain/grid"
	"wangge/domain/page"
	"wangge/graph/node"
	"wangge/internal/fault"
)

// What is remembered of documents between requests, bytes of memory, even where somebody fills it on purpose.
const (
	documentsKept = 128 << 20
	longestKept   = 8 << 10 // bytes of a document that is kept

	// A parsed document takes some fifty times its text, and each of its fields, laid out, so much.
	parsedTimes = 50
	laidBytes   = 400
)

// prepared is an operation of a document that is parsed and valid, laid out for reading and writing. It is not changed
// after it was made, since many requests use it at a time.
type prepared struct {
	doc       *ast.QueryDocument
	operation *ast.OperationDefinition
	root      *selection
	places    map[*ast.Selection]*selection // by the first entry of what graphql.CollectFields gave
	fields    int
	withArgs  int     // fields that have arguments
	kept      bool    // answers of the public may be kept, unless
	filtered  []field // one of these says otherwise, with its arguments
	perhaps   bool    // skip or include depends on variables: laid out for each request

	lists map[string]listReader // of the variables that are lists of inputs for root fields, and nothing else
}

// selection is what is asked of an object.
type selection struct {
	typeName  string
	collected []field // the same as fields, for the plan
	fields    []chosen
}

// of are the fields that s asks of a type. Every selection is laid out for the one type that it is asked of.
func (s *selection) of(typeName string) []field {
	if s == nil || s.typeName != typeName {
		panic("a selection of " + typeName + " was not laid out")
	}
	return s.collected
}

// chosen is a field in a selection, with all that the schema says of it.
type chosen struct {
	field
	quoted []byte     // its response key, as it is written
	below  *selection // nil: it is no object
	args   int        // its number among the fields with arguments, from 0
	guard  *guard     // of a root field; nil: it is none, or one of introspection

	cost        int
	costProblem bool // a filter by problems costs more
	addresses   bool // points may have addresses, which cost more
	length      lengthRule
	fixed       int // the length, where it is known
	most        int // the length that is usual, where there is one: 0 is none
}

// lengthRule says how often what is below a field is answered.
type lengthRule int

const (
	byFixed      lengthRule = iota
	byFirst                 // as first says
	byPoints                // as many as points were sent
	byConnection            // nodes and edges: as first of the connection says
	forStaff                // as first says, none for the public
)

// documents prepares operations, each once.
type documents struct {
	schema *ast.Schema
	kept   *otter.Cache[documentKey, *prepared]
}

type documentKey struct{ query, operation string }

func newDocuments(schema *ast.Schema) *documents {
	return &documents{schema: schema, kept: otter.Must(&otter.Options[documentKey, *prepared]{
		MaximumWeight: documentsKept,
		Weigher: func(k documentKey, p *prepared) uint32 {
			return uint32(parsedTimes*len(k.query) + laidBytes*p.fields)
		},
	})}
}

// of returns the operation of a document that name names.
func (d *documents) of(query, name string) (*prepared, gqlerror.List) {
	k := documentKey{query, name}
	if p, ok := d.kept.GetIfPresent(k); ok {
		return p, nil
	}
	if err := scan(query); err != nil {
		return nil, gqlerror.List{err}
	}
	p, list := d.prepare(query, name)
	if list != nil {
		return nil, list
	}
	if len(query) <= longestKept {
		d.kept.Set(documentKey{strings.Clone(query), strings.Clone(name)}, p)
	}
	return p, nil
}

func (d *documents) prepare(query, name string) (*prepared, gqlerror.List) {
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		wrong := gqlerror.WrapIfUnwrapped(err)
		errcode.Set(wrong, errcode.ParseFailed)
		return nil, gqlerror.List{wrong}
	}
	list := gqlerror.List{gqlerror.Errorf("no operation provided")}
	if len(doc.Operations) > 0 {
		list = validator.ValidateWithRules(d.schema, doc, validation())
	}
	p := &prepared{doc: doc, operation: doc.Operations.ForName(name)}
	if len(list) == 0 && p.operation == nil {
		list = gqlerror.List{gqlerror.Errorf("operation %q not found", name)}
	}
	if len(list) > 0 {
		for _, e := range list {
			errcode.Set(e, errcode.ValidationFailed)
		}
		return nil, list
	}
	if p.perhaps = depends(doc); p.perhaps {
		return p, nil
	}
	return p, p.layOut(nil)
}

// validation are the rules of the specification, without hints at names that the client did not ask for.
func validation() *rules.Rules {
	r := rules.NewDefaultRules()
	r.ReplaceRule("FieldsOnCorrectType", rules.FieldsOnCorrectTypeRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule("ScalarLeafs", rules.ScalarLeafsRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule("KnownArgumentNames", rules.KnownArgumentNamesRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule("KnownTypeNames", rules.KnownTypeNamesRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule("ValuesOfCorrectType", rules.ValuesOfCorrectTypeRuleWithoutSuggestions.RuleFunc)
	return r
}

// depends reports whether a directive in doc has a variable.
func depends(doc *ast.QueryDocument) bool {
	var in func(ast.SelectionSet) bool
	varies := func(list ast.DirectiveList) bool {
		return slices.ContainsFunc(list, func(d *ast.Directive) bool {
			return slices.ContainsFunc(d.Arguments, func(a *ast.Argument) bool { return a.Value.Kind == ast.Variable })
		})
	}
	in = func(sel ast.SelectionSet) bool {
		return slices.ContainsFunc(sel, func(s ast.Selection) bool {
			switch s := s.(type) {
			case *ast.Field:
				return varies(s.Directives) || in(s.SelectionSet)
			case *ast.InlineFragment:
				return varies(s.Directives) || in(s.SelectionSet)
			case *ast.FragmentSpread:
				return varies(s.Directives)
			}
			return false
		})
	}
	return slices.ContainsFunc(doc.Operations, func(o *ast.OperationDefinition) bool { return in(o.SelectionSet) }) ||
		slices.ContainsFunc(doc.Fragments, func(f *ast.FragmentDefinition) bool { return in(f.SelectionSet) })
}

// with is p for a request with these variables.
func (p *prepared) with(variables map[string]any) (*prepared, gqlerror.List) {
	if !p.perhaps {
		return p, nil
	}
	own := *p
	return &own, own.layOut(variables)
}

// layOut collects the fields of each selection. LIMITED: it is too deep, or has too many aliases or fields. It ends at
// the first limit that is passed, so that fragments which multiply cannot keep it busy.
func (p *prepared) layOut(variables map[string]any) gqlerror.List {
	root := "Query"
	switch p.operation.Operation {
	case ast.Mutation:
		root = "Mutation"
	case ast.Subscription:
		root = "Subscription"
	}
	l := layout{prepared: p, op: &graphql.OperationContext{Doc: p.doc, Variables: variables}}
	p.places, p.lists = map[*ast.Selection]*selection{}, map[string]listReader{}
	p.kept = p.operation.Operation == ast.Query
	var err *gqlerror.Error
	if p.root, err = l.of(p.operation.SelectionSet, root, 1); err != nil {
		return gqlerror.List{err}
	}
	maps.DeleteFunc(p.lists, func(_ string, read listReader) bool { return read == nil })
	return nil
}

// keeps reports whether what the public is answered may be kept, with these variables.
func (p *prepared) keeps(variables map[string]any) bool {
	return p.kept && !slices.ContainsFunc(p.filtered, func(f field) bool { return personal(f.ArgumentMap(variables)) })
}

// personal reports whether a list is asked for by a position, a shape or what somebody typed, or by what a coverage report
// says, as notKept has it: by more than codes and kinds.
func personal(args map[string]any) bool {
	filter, _ := args["filter"].(map[string]any)
	for name, value := range filter {
		switch name {
		case "divisions", "codes", "kinds":
		default:
			if value != nil {
				return true
			}
		}
	}
	return args["orderBy"] == string(grid.ByDistance)
}

type layout struct {
	*prepared
	op      *graphql.OperationContext
	aliases int // so far
}

func (l *layout) of(set ast.SelectionSet, typeName string, depth int) (*selection, *gqlerror.Error) {
	if depth > maxDepth {
		return nil, limited("limit.depth", maxDepth)
	}
	s := &selection{typeName: typeName, collected: graphql.CollectFields(l.op, set, []string{typeName})}
	if len(set) > 0 {
		l.places[&set[0]] = s
	}
	s.fields = make([]chosen, len(s.collected))
	for _, f := range s.collected {
		for _, a := range f.Arguments {
			l.noteList(a.Value, depth == 1, f.Definition.Arguments.ForName(a.Name).Type)
		}
	}
	aliases := 0
	tried := map[string]bool{}
	for i, f := range s.collected {
		l.fields++
		if f.Alias != f.Name {
			aliases++
			l.aliases++
		}
		switch {
		case aliases > maxAliases:
			return nil, limited("limit.aliases", maxAliases)
		case l.aliases > maxTotalAliases:
			return nil, limited("limit.aliases", maxTotalAliases)
		case l.fields > maxFields:
			return nil, limited("limit.fields", maxFields)
		}
		if triesSecret[typeName+"."+f.Name] {
			if tried[f.Name] {
				return nil, gqlerror.Wrap(fault.New(fault.Limited, "", "limit.once", "field", f.Name))
			}
			tried[f.Name] = true
		}
		if notKept[typeName+"."+f.Name] {
			l.kept = false
		}
		if f.Definition.Arguments.ForName("filter") != nil {
			l.filtered = append(l.filtered, f)
		}
		c := &s.fields[i]
		*c = priced(f, typeName)
		c.quoted = append(quote(nil, f.Alias), ':')
		if depth == 1 && !strings.HasPrefix(f.Name, "__") {
			c.guard = guardOf(f.Definition)
		}
		if len(f.Definition.Arguments) > 0 {
			c.args = l.withArgs
			l.withArgs++
		}
		if len(f.Selections) == 0 {
			continue
		}
		var err *gqlerror.Error
		if c.below, err = l.of(f.Selections, f.Definition.Type.Name(), depth+1); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// noteList notes by what a variable is read that v is or holds; nil: it is decoded, since it is used otherwise, too. t is the type of
// the argument that v is the whole value of, or is within.
func (l *layout) noteList(v *ast.Value, whole bool, t *ast.Type) {
	if v.Kind != ast.Variable {
		for _, c := range v.Children {
			l.noteList(c.Value, false, t)
		}
		return
	}
	var read listReader
	if whole && t.Elem != nil && t.Elem.Elem == nil {
		read = listReaders[t.Elem.NamedType]
	}
	if before, used := l.lists[v.Raw]; used && before == nil {
		return
	}
	l.lists[v.Raw] = read
}

// priced is f with what it costs, as far as that can be said without variables.
func priced(f field, typeName string) chosen {
	name := typeName + "." + f.Name
	c := chosen{field: f, cost: max(costs[name], 1), fixed: 1, most: usual[name]}
	c.costProblem = f.Definition.Arguments.ForName("filter") != nil
	c.addresses = name == "Query.gridAt" || name == "Query.gridsAt"
	n, known := lengths[name]
	switch {
	case strings.HasSuffix(typeName, "Connection") && f.Definition.Type.Elem != nil:
		c.length = byConnection
	case known:
		c.fixed = n
	case name == "Query.gridsAt":
		c.length = byPoints
	case name == "Unit.households":
		c.length = forStaff
	case f.Definition.Arguments.ForName("first") != nil:
		c.length = byFirst
	}
	return c
}

// price refuses a request that may cost too much. LIMITED.
func (p *prepared) price(ctx context.Context, most int, variables map[string]any) *gqlerror.Error {
	t := tally{variables: variables, most: most, public: isPublic(ctx)}
	if !t.add(p.root, 1, 1) {
		return limited("limit.cost", t.most)
	}
	return nil
}

// tally adds up what a request may cost.
type tally struct {
	variables map[string]any
	most      int
	public    bool
	cost      int // so far
}

// add adds a selection that is answered so many times. Where its type is a connection, first is how many nodes and edges
// it has. False: it costs too much.
func (t *tally) add(sel *selection, times, first int) bool {
	for i := range sel.fields {
		f := &sel.fields[i]
		t.cost += times * f.cost
		if f.costProblem && asksForProblems(f.field, t.variables) {
			t.cost += times * hasProblemCost
		}
		if f.addresses {
			t.cost += searchCost * addresses(f.ArgumentMap(t.variables))
		}
		if t.cost > t.most {
			return false
		}
		if f.below == nil {
			continue
		}
		each, entries := times, 1
		switch n := f.entries(t, first); {
		case strings.HasSuffix(f.below.typeName, "Connection"):
			entries = n
		default:
			each *= n
		}
		if !t.add(f.below, each, entries) {
			return false
		}
	}
	return true
}

// entries is how many times what is below a field is answered: at most, or usually where lengths and usual say so.
func (f *chosen) entries(t *tally, first int) int {
	n := f.fixed
	switch f.length {
	case byConnection:
		return first
	case forStaff:
		if t.public {
			return 0 // null
		}
		n = firstOf(f.ArgumentMap(t.variables))
	case byFirst:
		n = firstOf(f.ArgumentMap(t.variables))
	case byPoints:
		n = page.Default
		switch points := f.ArgumentMap(t.variables)["points"].(type) {
		case []any:
			n = len(points)
		case ready:
			n = len(points.list.([]*node.PointInput))
		}
	}
	if f.most > 0 {
		n = min(n, f.most)
	}
	return n
}

// firstOf is the length that a list is asked for with.
func firstOf(args map[string]any) int {
	switch first := args["first"].(type) {
	case int64:
		return max(int(first), 0)
	case json.Number:
		n, _ := first.Int64() // no number is refused when the field is read
		return max(int(n), 0)
	}
	return page.Default
}

// check prepares every operation of a document, and prices for the public those that need no variables.
func (d *documents) check(query string) error {
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		return err
	}
	if len(doc.Operations) == 0 {
		return errors.New("no operation provided")
	}
	for _, o := range doc.Operations {
		name := o.Name
		if len(doc.Operations) == 1 {
			name = "" // as most clients ask for it
		}
		p, list := d.of(query, name)
		if list != nil {
			return list
		}
		variables, err := validator.VariableValues(d.schema, p.operation, nil)
		if err != nil {
			continue
		}
		if p, list = p.with(variables); list != nil {
			return list
		}
		if err := p.price(context.Background(), maxCost, variables); err != nil {
			return err
		}
	}
	return nil
}
