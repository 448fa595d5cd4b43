package graph

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"

	"wangge/domain/account"
	"wangge/graph/node"
	"wangge/internal/fault"
)

// What one request may ask. A document is scanned before it is parsed, in one pass and without recursion, so that
// nothing it holds can make parsing or validating it expensive; then, with its variables, what it may cost is added up.
const (
	maxDocumentBytes = 1 << 20
	maxTokens        = 150_000 // 10,000 points written out; clients should send them as a variable
	maxShapeTokens   = 2_000   // outside parentheses: what is selected
	maxWidth         = 300     // tokens directly in one selection: validating compares each field with each
	maxNesting       = 60      // brackets of any kind

	maxDepth        = 15     // fields below fields
	maxAliases      = 30     // in one selection
	maxTotalAliases = 200    // in one request
	maxFields       = 10_000 // fields, fragments followed

	// What a request may cost: each field 1, what is written with more bytes as costs says, times the length of every
	// list around it: first, the points sent, or what lengths and usual assume. 1 stands for some 30 bytes of answer and
	// 400 of memory: the dearest requests of the public that were found are answered with 16 MB and take 210. The read of
	// one community, division → grids (first: 200) with boundaries → buildings (first: 200) with nine fields → units
	// (first: 50), costs 430,000, and 4 million with households (first: 100), for operators. operation holds an answer to
	// what it really is, where lists or areas are larger than assumed here.
	// Who has an account as staff may ask for what Options.StaffCost says: by default a community's households in two requests, or three.
	maxCost         = 600_000
	maxStaffCost    = 2_000_000
	maxOperatorCost = 6_000_000

	searchCost = 1_000 // for the time of a search, which a point with an address is too
)

// costs are the fields that cost more than 1: thirtieths of the bytes that they usually have, 25 a position.
var costs = map[string]int{
	"Division.boundary": 400, "Division.bbox": 3, "Division.uncovered": 100_000, // for the time it takes, up to a second
	"Division.coverage": 200, "Division.problems": 200, // the time of adding up what lies beneath
	"Grid.boundary": 400, "Grid.labelPoint": 3, "Grid.bbox": 3,
	"Building.location": 3, "Building.footprint": 10,
	"LegalEntity.location":     3,
	"Query.searchAddress":      searchCost,
	"AddressMatch.location":    3,
	"CoverageProblem.geometry": 100, "CoverageProblem.bbox": 3,
	"TilesChange.extents":   100,                                      // an event's
	"Query.boardsToReprint": 1_000, "Query.boardsNeverPrinted": 1_000, // for the time of looking at all
}

// hasProblemCost is what a filter by problems costs more: all reports are asked whether they are current.
const hasProblemCost = 10_000

// asksForProblems reports whether a list of grids is to be filtered by problems.
func asksForProblems(f graphql.CollectedField, variables map[string]any) bool {
	if f.Definition.Arguments.ForName("filter") == nil {
		return false
	}
	filter, _ := f.ArgumentMap(variables)["filter"].(map[string]any)
	return filter["hasProblem"] != nil
}

// lengths are those assumed for lists without first.
var lengths = map[string]int{
	"Query.rootDivisions": 1, // the one city or county that is served
	"Division.ancestors":  4,
	"Division.children":   4, // down the levels; operation counts what there is
	"Division.neighbours": 6, "Contacts.nightNumbers": 4, "Board.changed": 2, "BoardCheck.changed": 2, "RecordBoardsPrintedPayload.prints": 50,
	"Grid.neighbours":  6,
	"Grid.assignments": 4,

	"WorkerRecord.assignments": 4, "WorkerRecord.absences": 4,
	"GridGroup.grids":          10,
	"LegalEntity.externalRefs": 2, "Division.externalRefs": 2, "Grid.externalRefs": 2, "Building.externalRefs": 2, "Estate.externalRefs": 2,
	"Query.byExternalRef": 2, "SetExternalRefPayload.externalRefs": 2,
	"GridMatch.candidates": 20, // package grid gives no more

	"Viewer.posts": 4, "HeldPost.rights": 8,

	"CoverageProblem.divisions": 2,
	"CoverageProblem.grids":     3,
	"CoverageProblem.fixes":     3,
	"ApplyFixPayload.grids":     2,

	"TilesChange.tiles": 10_000, // of an event, at most

	"__Schema.types": 60, "__Schema.directives": 6, "__Type.fields": 10, "__Type.inputFields": 5, "__Type.enumValues": 6,
	"__Field.args": 2, "__Directive.args": 2,
}

// usual are the lengths of lists deep in a tree where first is larger: whoever reads a whole community asks for more than
// any of them has. There are 455 buildings in the demo town's 14 grids.
var usual = map[string]int{
	"Grid.buildings":  60,
	"Building.units":  4,
	"Unit.households": 10,
}

// triesSecret are the fields that try a secret: a request tries one.
var triesSecret = map[string]bool{"Mutation.changePassword": true}

var _ = fault.Register(
	[3]string{"limit.once", "A request may ask for {field} once.", "一次请求中 {field} 只能出现一次。"},
	[3]string{"limit.bytes", "The document is longer than {max} bytes; send values as variables.", "请求文档超过 {max} 字节，请用变量传值。"},
	[3]string{"limit.tokens", "The document has more than {max} tokens; send values as variables.", "请求文档超过 {max} 个记号，请用变量传值。"},
	[3]string{"limit.width", "A selection of the document has more than {max} tokens.", "请求中一处选择集超过 {max} 个记号。"},
	[3]string{"limit.nesting", "The document nests deeper than {max} brackets.", "请求文档括号嵌套超过 {max} 层。"},
	[3]string{"limit.depth", "The request goes deeper than {max} fields.", "请求字段嵌套超过 {max} 层。"},
	[3]string{"limit.aliases", "The request has more than {max} aliases.", "请求的别名超过 {max} 个。"},
	[3]string{"limit.fields", "The request asks for more than {max} fields.", "请求的字段超过 {max} 个。"},
	[3]string{"limit.cost", "The request may cost more than {max}; ask for shorter lists (first) or fewer fields.", "请求开销超过 {max}，请减小 first 或减少字段。"},
	[3]string{"document.number", "{value} is out of range.", "数值 {value} 超出范围。"},
)

func limited(sentence string, most int) *gqlerror.Error {
	return gqlerror.Wrap(fault.New(fault.Limited, "", sentence, "max", most))
}

// scan refuses a document by its tokens alone. LIMITED: too long, too many tokens, nested too deeply. INVALID: a
// number that no Int or Float can hold, which would make gqlgen panic. What is no token is left to the parser.
func scan(document string) *gqlerror.Error {
	if len(document) > maxDocumentBytes {
		return limited("limit.bytes", maxDocumentBytes)
	}
	lex := lexer.New(&ast.Source{Input: document})
	parens, shape := 0, 0
	widths := make([]int, 1, maxNesting+2) // tokens directly in each bracket that is open
	for n := 0; ; n++ {
		token, err := lex.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			return nil
		}
		switch token.Kind {
		case lexer.ParenL, lexer.BracketL, lexer.BraceL:
			widths = append(widths, 0)
		case lexer.ParenR, lexer.BracketR, lexer.BraceR:
			widths = widths[:max(len(widths)-1, 1)]
		case lexer.Int:
			_, err = strconv.ParseInt(token.Value, 10, 64)
		case lexer.Float:
			_, err = strconv.ParseFloat(token.Value, 64)
		}
		switch token.Kind {
		case lexer.ParenL:
			parens++
		case lexer.ParenR:
			parens--
		}
		if parens <= 0 {
			shape++
			widths[len(widths)-1]++
		}
		switch {
		case err != nil:
			wrong := gqlerror.Wrap(fault.New(fault.Invalid, "", "document.number", "value", fault.Shorten(token.Value, 60)))
			wrong.Locations = []gqlerror.Location{{Line: token.Pos.Line, Column: token.Pos.Column}}
			return wrong
		case n >= maxTokens:
			return limited("limit.tokens", maxTokens)
		case shape > maxShapeTokens:
			return limited("limit.tokens", maxShapeTokens)
		case len(widths) > 1 && widths[len(widths)-1] > maxWidth:
			return limited("limit.width", maxWidth)
		case len(widths)-1 > maxNesting:
			return limited("limit.nesting", maxNesting)
		}
	}
}

// allowance is what a request of ctx's actor may cost.
func (s *Handler) allowance(ctx context.Context) int {
	switch account.FromContext(ctx).Role {
	case account.Operator:
		return max(maxOperatorCost, s.staffCost)
	case account.Staff:
		return s.staffCost
	}
	return maxCost
}

// isPublic reports whether ctx's actor is told of nobody's household, and may be held to trusted documents.
func isPublic(ctx context.Context) bool {
	return !slices.Contains([]account.Role{account.Staff, account.Operator}, account.FromContext(ctx).Role)
}

// addresses counts the points of a field that have an address.
func addresses(args map[string]any) (n int) {
	if read, ok := args["points"].(ready); ok {
		for _, p := range read.list.([]*node.PointInput) {
			if p.Address != nil && strings.TrimSpace(*p.Address) != "" {
				n++
			}
		}
		return n
	}
	points, ok := args["points"].([]any)
	if !ok { // one point, which stands for a list of one too
		points = []any{args["point"], args["points"]}
	}
	for _, p := range points {
		p, _ := p.(map[string]any)
		if text, _ := p["address"].(string); strings.TrimSpace(text) != "" {
			n++
		}
	}
	return n
}
