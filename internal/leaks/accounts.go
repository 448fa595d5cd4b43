package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"
)

// givenPassword is how a first password and a recovery code are written.
const givenPassword = `([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})`

const securityLogin, auditorLogin = "leaks.security", "leaks.auditor"

// signIn has who gives accounts sign in, with what people type into the wrong field.
func (t *town) signIn() error {
	v, err := t.visitor()
	if err != nil {
		return err
	}
	for _, fields := range [][]string{
		{"login", typedPassword, "password", securityLogin}, {"login", chosenPassword, "password", ""},
		{"login", typedName, "password", typedNumber}, {"login", typedPhone, "password", typedName}, {"login", typedNumber, "password", typedPhone},
	} {
		if _, err := v.form("/sign-in", fields...); err != nil {
			return err
		}
	}
	codes, err := t.enrolled(securityLogin, "security", chosenPassword)
	if err != nil {
		return err
	}
	for _, step := range [][]string{
		{"/sign-in", "login", securityLogin, "password", chosenPassword}, {"/sign-in/code", "code", typedPassword}, {"/sign-in/code", "code", codes[0]},
		{"/account/password", "oldPassword", chosenPassword, "password", laterPassword, "again", laterPassword},
	} {
		if _, err := v.form(step[0], step[1:]...); err != nil {
			return err
		}
	}
	if v, err = t.signedInBy(securityLogin, laterPassword, codes[1]); err != nil {
		return err
	}
	for _, login := range []string{typedPhone, typedNumber, typedName, typedPassword} {
		if err := v.graphql(nil, `mutation($l: String!, $w: ID!) { createAccount(input: {login: $l, workerId: $w}) { password } }`, map[string]any{"l": login, "w": login}); err != nil {
			return err
		}
	}
	if err := v.graphql(nil, `mutation($o: String!, $p: String!) { changePassword(input: {oldPassword: $o, password: $p}) { id } }`, map[string]any{"o": typedPassword, "p": chosenPassword}); err != nil {
		return err
	}
	t.security = v
	if codes, err = t.enrolled(auditorLogin, "auditor", auditorPassword); err != nil {
		return err
	}
	t.auditor, err = t.signedInBy(auditorLogin, auditorPassword, codes[0])
	return err
}

// enrolled gives an account and goes from its first password to a second factor, not without mistakes. It returns the codes for a lost phone.
func (t *town) enrolled(login, role, chosen string) (codes []string, err error) {
	given, err := t.run(true, "user", "add", login, "--role", role)
	if err != nil {
		return nil, err
	}
	password, err := first(givenPassword, given)
	if err != nil {
		return nil, err
	}
	t.secret("a first password", password)
	v, err := t.visitor()
	if err != nil {
		return nil, err
	}
	for _, step := range [][]string{
		{"/sign-in", "login", login, "password", typedPassword},
		{"/sign-in", "login", login, "password", password},
		{"/account/password", "oldPassword", typedPassword, "password", chosen, "again", chosen},
		{"/account/password", "oldPassword", password, "password", chosen, "again", typedPassword},
		{"/account/password", "oldPassword", password, "password", chosen, "again", chosen},
	} {
		if _, err := v.form(step[0], step[1:]...); err != nil {
			return nil, err
		}
	}
	page, err := v.ask(false, "GET", enrolling, "", "")
	if err != nil {
		return nil, err
	}
	factor, err := first(`<code>([A-Z2-7 ]{20,})</code>`, page)
	if err != nil {
		return nil, err
	}
	t.secret("a second factor's secret, as it is shown", factor)
	factor = strings.ReplaceAll(factor, " ", "")
	t.secret("a second factor's secret", factor)
	if _, err := v.form(enrolling, "code", typedPhone); err != nil {
		return nil, err
	}
	code, err := totp.GenerateCode(factor, time.Now())
	if err != nil {
		return nil, err
	}
	if page, err = v.form(enrolling, "code", code); err != nil {
		return nil, err
	}
	for _, c := range regexp.MustCompile(`<code>`+givenPassword+`</code>`).FindAllStringSubmatch(page, -1) {
		codes = append(codes, c[1])
		t.secret("a recovery code", c[1])
	}
	if len(codes) != 10 {
		return nil, fmt.Errorf("%s has %d recovery codes", login, len(codes))
	}
	return codes, nil
}

// signedIn is who has an account of the demo, which has no second factor.
func (t *town) signedIn(login string) (*visitor, error) {
	if t.logins[login] == "" {
		return nil, fmt.Errorf("the demo has no %s", login)
	}
	v, err := t.signedInBy(login, t.logins[login], "")
	if err == nil {
		t.demo = append(t.demo, v)
	}
	return v, err
}

// signedInBy is who has an account with a second factor, where there is a code.
func (t *town) signedInBy(login, password, code string) (*visitor, error) {
	v, err := t.visitor()
	if err != nil {
		return nil, err
	}
	if _, err := v.form("/sign-in", "login", login, "password", password); err != nil {
		return nil, err
	}
	if code != "" {
		if _, err := v.form("/sign-in/code", "code", code); err != nil {
			return nil, err
		}
	}
	var who struct{ Viewer *struct{ Login string } }
	if err := v.graphql(&who, "{ viewer { login } }", nil); err != nil {
		return nil, err
	}
	if who.Viewer == nil || who.Viewer.Login != login {
		return nil, fmt.Errorf("%s could not sign in", login)
	}
	return v, nil
}

// pages keeps all pages of a list that are told of query, which takes $after, and returns how many things it has.
func (v *visitor) pages(field, query string) (n int, err error) {
	after := any(nil)
	for range 1000 {
		body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"after": after}})
		if err != nil {
			return 0, err
		}
		text, err := v.ask(true, "POST", "/graphql", jsonKind, string(body))
		if err != nil {
			return 0, err
		}
		var w struct {
			Data map[string]struct {
				Nodes    []json.RawMessage
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
			}
			Errors []struct{ Message string }
		}
		if err := json.Unmarshal([]byte(text), &w); err != nil {
			return 0, err
		}
		if len(w.Errors) > 0 {
			return 0, fmt.Errorf("%s: %s", field, w.Errors[0].Message)
		}
		n += len(w.Data[field].Nodes)
		if !w.Data[field].PageInfo.HasNextPage {
			return n, nil
		}
		after = w.Data[field].PageInfo.EndCursor
	}
	return 0, errors.New(field + " has no end")
}
