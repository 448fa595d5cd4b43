package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/key"
	"wangge/internal/testdb"
)

// TestWhatOneServerEndsAnotherRefuses ends sessions, tokens, accounts and posts at one of two servers of a database, or by a command, while the other was just asked. It would say
// what it knew for two seconds, were it not told.
func TestWhatOneServerEndsAnotherRefuses(t *testing.T) {
	const soon = time.Second
	env := []string{"DATABASE_URL=" + testdb.URL(t), "DATA=" + filepath.Join(t.TempDir(), "data"), "RATE_LIMIT=0"}
	mustRun(t, env, "demo")
	demo := mustRun(t, env, "user", "demo")
	password := func(login string) string {
		return regexp.MustCompile(login + `\s+\w+\s+([A-Z2-7-]{19})`).FindStringSubmatch(demo)[1]
	}
	conn, err := pgx.Connect(t.Context(), strings.TrimPrefix(env[0], "DATABASE_URL="))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var home, grid string
	var away, standIn uuid.UUID
	if err := conn.QueryRow(t.Context(), `SELECT a.district, a.worker_id, b.worker_id, g.code FROM assignment a JOIN assignment b USING (district, area_id, post) JOIN grid g ON g.district = a.district AND g.id = a.grid_id
		WHERE a.post = 'GRID_WORKER' AND a.cover = 'A' AND b.cover = 'B' AND now()::date <@ a.during AND now()::date <@ b.during
		AND NOT EXISTS (SELECT 1 FROM account x WHERE x.worker_id IN (a.worker_id, b.worker_id)) ORDER BY g.code LIMIT 1`).Scan(&home, &away, &standIn, &grid); err != nil {
		t.Fatal(err)
	}
	first := strings.Fields(mustRun(t, env, "user", "add", "stand.in", "--role", "staff", "--worker", key.Key{Home: home, ID: standIn}.String()))
	one := serve(t, env, "--addr", "127.0.0.1:0")
	two := serve(t, env, "--addr", "127.0.0.1:0")

	in := func(login, password string) *browser {
		b := newBrowser(t, one)
		b.sends("/account", "/sign-in", "login", login, "password", password)
		return b
	}
	// there is the same browser at the second server, at which nothing but the cookie is known.
	there := func(b *browser) *browser { return &browser{t: t, url: two.url, Client: b.Client} }
	giver := in("demo-security", password("demo-security"))
	id := func(login string) string {
		t.Helper()
		return regexp.MustCompile(`"id":"([^"]+)","login":"` + login + `"`).FindStringSubmatch(giver.graphql("{ accounts { nodes { id login } } }", nil))[1]
	}
	// took has the second server know something, ends it, and returns how long it went on knowing it.
	took := func(what string, knows func() bool, end func()) {
		t.Helper()
		if !knows() {
			t.Fatalf("%s: not even before", what)
		}
		knows() // so that it is from memory
		end()
		began := time.Now()
		for ; knows(); time.Sleep(time.Millisecond) {
			if time.Since(began) > 3*time.Second {
				t.Fatalf("%s: the other server never hears of it", what)
			}
			if time.Since(began) > soon {
				t.Errorf("%s: the other server goes on for %v", what, time.Since(began).Round(time.Millisecond))
				return
			}
		}
		t.Logf("%s: %v", what, time.Since(began).Round(100*time.Microsecond))
	}
	// knows is whether who asks at the second server is somebody; that it says so, and not something else, is part of it.
	knows := func(b *browser, header ...string) bool {
		t.Helper()
		text := b.graphql("{ viewer { login } }", nil, header...)
		if !strings.Contains(text, `"viewer"`) && !strings.Contains(text, `"UNAUTHENTICATED"`) {
			t.Fatal(text)
		}
		return strings.Contains(text, `"login"`)
	}
	signedIn := func(b *browser) func() bool { return func() bool { return knows(there(b)) } }
	done := func(text string) {
		t.Helper()
		if strings.Contains(text, `"errors"`) {
			t.Fatal(text)
		}
	}

	b := in("demo-worker", password("demo-worker"))
	cookie := b.token()
	took("signing out", func() bool { return knows(newBrowser(t, two), "Cookie", "wangge="+cookie) }, func() { b.sends("/sign-in", "/sign-out") })

	b, other := in("demo-worker", password("demo-worker")), in("demo-worker", password("demo-worker"))
	took("the other sessions", signedIn(b), func() { other.sends("/account", "/account/sessions") })
	b = in("demo-worker", password("demo-worker"))
	cookie = b.token()
	took("another sign-in in the browser", func() bool { return knows(newBrowser(t, two), "Cookie", "wangge="+cookie) }, func() {
		b.sends("/account", "/sign-in", "login", "demo-worker", "password", password("demo-worker"))
	})
	b = in("demo-worker", password("demo-worker"))
	status, _, page := b.send("/account/tokens", "name", "a map", "days", "7", "right", "HOUSEHOLDS")
	secret := regexp.MustCompile(`wgp_[A-Z2-7]{26}`).FindString(page)
	row := regexp.MustCompile(`action="(/account/tokens/[0-9a-f-]{36})"`).FindStringSubmatch(page)
	if row == nil {
		_, _, page = b.ask("GET", "/account", "", "")
		row = regexp.MustCompile(`action="(/account/tokens/[0-9a-f-]{36})"`).FindStringSubmatch(page)
	}
	if secret == "" || row == nil {
		t.Fatalf("a token: %d", status)
	}
	program := func(secret string) func() bool {
		return func() bool { return knows(newBrowser(t, two), "Authorization", "Bearer "+secret) }
	}
	took("a program's token", program(secret), func() { b.sends("/account", row[1]) })

	_, _, page = b.send("/account/tokens", "name", "a map", "days", "7", "right", "HOUSEHOLDS")
	secret = regexp.MustCompile(`wgp_[A-Z2-7]{26}`).FindString(page)
	took("a token, by another password", program(secret), func() {
		done(b.graphql("mutation { changePassword(input: {oldPassword: \""+password("demo-worker")+"\", password: \"nine magpies over barley\"}) { id } }", nil))
	})
	b, other = in("demo-worker", "nine magpies over barley"), in("demo-worker", "nine magpies over barley")
	took("another password", signedIn(b), func() {
		other.sends("/account", "/account/password", "oldPassword", "nine magpies over barley", "password", "ten magpies over barley", "again", "ten magpies over barley")
	})

	by := func(mutation, login string) func() {
		whose := id(login)
		return func() {
			t.Helper()
			done(giver.graphql("mutation($id: ID!) { "+mutation+" }", map[string]any{"id": whose}))
		}
	}
	took("signed out by who gives accounts", signedIn(in("demo-leader", password("demo-leader"))), by("endSessions(input: {id: $id}) { id }", "demo-leader"))
	took("disabled", signedIn(in("demo-leader", password("demo-leader"))), by("disableAccount(input: {id: $id}) { account { id } }", "demo-leader"))
	took("reset", signedIn(in("demo-chief", password("demo-chief"))), by("resetPassword(input: {id: $id}) { account { id } }", "demo-chief"))
	auditor := signedIn(in("demo-auditor", password("demo-auditor")))
	took("disabled by a command", auditor, func() { mustRun(t, env, "user", "disable", "demo-auditor") })

	// What a post gives ends with the post, and a stand-in's with the absence.
	operator := in("demo-operator", password("demo-operator"))
	b = newBrowser(t, one)
	b.sends("/account/password", "/sign-in", "login", "stand.in", "password", first[len(first)-1])
	b.sends("/account", "/account/password", "oldPassword", first[len(first)-1], "password", "nine magpies over barley", "again", "nine magpies over barley")
	households := func(b *browser) func() bool {
		return func() bool {
			text := there(b).graphql("query($code: ID!) { grid(code: $code) { buildings(first: 20) { nodes { units(first: 1) { nodes { households(first: 1) { nodes { number } } } } } } } }", map[string]any{"code": grid})
			if !strings.Contains(text, `"households":`) {
				t.Fatal(text)
			}
			return strings.Contains(text, `"households":{`)
		}
	}
	sees := households(b)
	if sees() {
		t.Fatal("a stand-in sees households while nobody is away")
	}
	zone := time.FixedZone("", 8*60*60)
	today, tomorrow := time.Now().In(zone).Format(time.DateOnly), time.Now().In(zone).AddDate(0, 0, 1).Format(time.DateOnly)
	var absence string
	took("nobody stands in", func() bool { return !sees() }, func() {
		text := operator.graphql("mutation($in: RecordAbsenceInput!) { recordAbsence(input: $in) { id } }", map[string]any{"in": map[string]any{"workerId": key.Key{Home: home, ID: away}.String(), "from": today, "until": tomorrow}})
		done(text)
		absence = regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(text)[1]
	})
	took("an absence", sees, func() {
		done(operator.graphql("mutation($in: EndAbsenceInput!) { endAbsence(input: $in) { absence { id } } }", map[string]any{"in": map[string]any{"id": absence, "until": today}}))
	})
	took("what nobody told, once the connection that hears is another", signedIn(b), func() {
		for _, sql := range []string{"DELETE FROM session", "SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid::bigint = (hashtext('wangge live')::bigint & 4294967295)"} {
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
	})
	for _, s := range []*server{one, two} {
		s.stop(t, os.Interrupt)
	}
}
