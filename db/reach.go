package db

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/internal/fault"
	"wangge/migrations"
)

var _ = fault.Register(
	[3]string{"db.tooWide", "Its posts reach {n} areas, and {max} are allowed: give a post of a larger area instead.", "任职范围涉及 {n} 个区域，最多 {max} 个：请改为在上一级区域任职。"},
)

// rowRights are the rights that policies know.
var rowRights = account.SetOf(account.Households, account.Residents, account.Keep, account.Care, account.Restricted, account.Appoint, account.Arrange).All()

// mostAreas is how many areas a right may reach: they are sent with each transaction, 37 bytes each. All communities of a district are one.
const mostAreas = 2000

// bounded refuses whose posts reach too many areas: LIMITED.
func bounded(a account.Actor) error {
	for _, r := range rowRights {
		reach := a.Given(r)
		if n := len(reach.Districts) + len(reach.Communities) + len(reach.Grids) + len(reach.Buildings); n > mostAreas {
			return fault.New(fault.Limited, "", "db.tooWide", "n", n, "max", mostAreas)
		}
	}
	return nil
}

// identity names the actor to row-level policies, in one round trip with BEGIN, and leaves the tables' owner, whom no policy binds, for a
// role that they bind until the transaction ends.
func identity(a account.Actor) string { return "; " + strings.Join(settings(a), "; ") }

// settings are the statements of identity. SET LOCAL, not set_config: the latter never reaches the workers of a Citus cluster. Where a
// right reaches nothing its settings stay as they are outside transactions, unset or empty.
func settings(a account.Actor) []string {
	out := append([]string{"SET LOCAL ROLE " + migrations.RequestRole}, named(a)...)
	if a.Role != account.Staff {
		return out
	}
	if a.Worker != uuid.Nil {
		out = append(out, "SET LOCAL wangge.worker = "+quote(a.Worker.String()))
	}
	for _, right := range rowRights {
		name := "wangge." + strings.ToLower(right.String())
		set := func(what, value string) { out = append(out, "SET LOCAL "+name+what+" = "+quote(value)) }
		how, list := toldOf(a.Given(right))
		if how == "" {
			continue
		}
		set("", how)
		for _, of := range list {
			if len(of.ids) > 0 {
				set("_"+of.kind, array(of.ids))
			}
			if how == "many "+of.kind {
				for digit, ids := range byLastDigit(of.ids) {
					set("_"+of.kind+"_"+digit, array(ids))
				}
			}
		}
	}
	return out
}

// fewPlaces is up to how many ids one list is searched faster than the right one of sixteen is found.
const fewPlaces = 8

// places are those of a kind that a right reaches.
type places struct {
	kind   string
	alone  bool // policies have a way of their own for a right that reaches no other kind
	parted bool // and another where there are many of them
	ids    []string
}

// toldOf says in which settings policies look for what a right reaches (in_reach), and what these list; "": it reaches nothing.
func toldOf(r account.Reach) (how string, list []places) {
	list = []places{
		{"communities", true, true, texts(r.Communities)},
		{"grids", true, true, texts(r.Grids)},
		{"districts", true, false, r.Districts},
		{"buildings", false, false, texts(r.Buildings)},
	}
	for _, of := range list {
		switch {
		case len(of.ids) == 0:
		case how != "" || !of.alone:
			how = "several"
		case of.parted && len(of.ids) > fewPlaces:
			how = "many " + of.kind
		default:
			how = of.kind
		}
	}
	if r.Everywhere {
		how = "everywhere"
	}
	return how, list
}

// byLastDigit parts ids by the last of their hexadecimal digits, which is by chance in those that wangge makes.
func byLastDigit(ids []string) map[string][]string {
	out := map[string][]string{}
	for _, id := range ids {
		digit := id[len(id)-1:]
		out[digit] = append(out[digit], id)
	}
	return out
}

// named are the statements that say who acts.
func named(a account.Actor) []string {
	return []string{"SET LOCAL wangge.role = " + quote(string(a.Role)), "SET LOCAL wangge.actor = " + quote(a.ID)}
}

func texts(ids []uuid.UUID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id.String()
	}
	return out
}

// array writes keys as PostgreSQL writes an array of them.
func array(keys []string) string { return "{" + strings.Join(keys, ",") + "}" }

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// acting runs fn in the transaction as another: the server at work, so that what it counts or keeps in step is of the same state of the
// data and takes no second connection. What the actor's rights reach stays in force beside what the other may see, so that only who may see more than any actor is
// taken. Where the transaction does not become its actor's again, nothing more is read in it.
func (o *openTx) acting(ctx context.Context, as account.Actor, fn func(ctx context.Context, open *openTx) error) error {
	if err := o.start(ctx); err != nil {
		return err
	}
	was := o.actor
	if err := o.become(ctx, as); err != nil {
		return err
	}
	err := asFault(fn(ctx, o)) // what is told of it, not that nothing more can be said in the transaction
	if back := o.become(ctx, was); back != nil {
		o.actor, o.refused = was, back
		return errors.Join(err, back)
	}
	return err
}

// actingIn is acting in the transaction of ctx.
func actingIn(ctx context.Context, as account.Actor, fn func(ctx context.Context) error) error {
	open := ctx.Value(txKey{}).(*openTx)
	return open.acting(ctx, as, func(ctx context.Context, _ *openTx) error { return fn(ctx) })
}

func (o *openTx) become(ctx context.Context, a account.Actor) error {
	if _, err := o.tx.Exec(ctx, strings.Join(named(a), "; ")); err != nil {
		return asFault(err)
	}
	o.actor = a
	return nil
}
