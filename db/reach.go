package db

import (
	"strings"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/migrations"
)

// rowRights are the rights that policies know, by the names of their settings.
var rowRights = map[account.Right]string{account.Households: "households", account.Residents: "residents", account.Keep: "keep", account.Care: "care", account.Restricted: "restricted"}

// identity names the actor to row-level policies, in one round trip with BEGIN, and leaves the tables' owner, whom no policy binds, for a
// role that they bind until the transaction ends.
func identity(a account.Actor) string { return "; " + strings.Join(settings(a), "; ") }

// settings are the statements of identity. SET LOCAL, not set_config: the latter never reaches the workers of a Citus cluster. Where a
// right reaches nothing its settings stay as they are outside transactions, unset or empty.
func settings(a account.Actor) []string {
	out := append([]string{"SET LOCAL ROLE " + migrations.RequestRole}, acting(a)...)
	if a.Role != account.Staff {
		return out
	}
	for right := range account.Rights {
		name, known := rowRights[right]
		if !known {
			continue
		}
		set := func(what, value string) {
			out = append(out, "SET LOCAL wangge."+name+"_"+what+" = "+quote(value))
		}
		reach := a.Reach(right)
		if reach.Everywhere {
			set("everywhere", "on")
		}
		if len(reach.Districts) > 0 {
			set("districts", "{"+strings.Join(reach.Districts, ",")+"}")
		}
		for _, of := range []struct {
			what string
			ids  []uuid.UUID
		}{{"communities", reach.Communities}, {"grids", reach.Grids}, {"buildings", reach.Buildings}} {
			if len(of.ids) > 0 {
				set(of.what, idList(of.ids))
			}
		}
	}
	return out
}

// acting are the statements that say who acts.
func acting(a account.Actor) []string {
	return []string{"SET LOCAL wangge.role = " + quote(string(a.Role)), "SET LOCAL wangge.actor = " + quote(a.ID)}
}

// idList writes ids as PostgreSQL writes an array of them.
func idList(ids []uuid.UUID) string {
	text := make([]string, len(ids))
	for i, id := range ids {
		text[i] = id.String()
	}
	return "{" + strings.Join(text, ",") + "}"
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
