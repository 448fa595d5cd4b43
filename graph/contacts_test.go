package graph_test

import (
	"fmt"
	"testing"

	"wangge/domain/account"
)

func TestSetDivisionContacts(t *testing.T) {
	s := newTown(t)
	op := account.TheOperator()
	const set = `mutation ($in: SetDivisionContactsInput!) { setDivisionContacts(input: $in) { division { version contacts { own { supervisionPhone serviceStation { name hours } nightNumbers { phone } } } } } }`
	const inForce = `{ division(code: "990102001001") { contacts { inForce { supervisionPhone serviceStation { name phone } nightNumbers { phone name nameEnglish } } } } }`
	do := func(in map[string]any, want string) {
		t.Helper()
		if a := s.ask(t, op, set, map[string]any{"in": in}); string(a.Data) != want {
			t.Errorf("%v is answered\n%s, want\n%s", in, a.Raw, want)
		}
	}
	holds := func(want string) {
		t.Helper()
		want = `{"division":{"contacts":{"inForce":` + want + `}}}`
		if a := s.ask(t, account.Anyone(), inForce, nil); string(a.Data) != want {
			t.Errorf("in force is\n%s, want\n%s", a.Raw, want)
		}
	}
	const usual = `"nightNumbers":[{"phone":"12345","name":"政务服务热线","nameEnglish":"Government services"},{"phone":"110","name":"报警","nameEnglish":"Police"},` +
		`{"phone":"119","name":"火警","nameEnglish":"Fire"},{"phone":"120","name":"急救","nameEnglish":"Ambulance"}]`
	holds(`{"supervisionPhone":null,"serviceStation":null,` + usual + `}`)

	do(map[string]any{"division": "990102001", "version": 1, "supervisionPhone": " 0555-100 ", "serviceStation": map[string]any{"name": "望舒中心", "hours": "8:30–17:30", "phone": "0555-101"}},
		`{"setDivisionContacts":{"division":{"version":2,"contacts":{"own":{"supervisionPhone":"0555-100","serviceStation":{"name":"望舒中心","hours":"8:30–17:30"},"nightNumbers":null}}}}}`)
	holds(`{"supervisionPhone":"0555-100","serviceStation":{"name":"望舒中心","phone":"0555-101"},` + usual + `}`)
	// A station is another place: nothing of the town's is said of it.
	do(map[string]any{"division": c1, "version": 1, "serviceStation": map[string]any{"name": "晴川站"}, "nightNumbers": []any{map[string]any{"phone": "0555-9", "name": "值班"}}},
		`{"setDivisionContacts":{"division":{"version":2,"contacts":{"own":{"supervisionPhone":null,"serviceStation":{"name":"晴川站","hours":null},"nightNumbers":[{"phone":"0555-9"}]}}}}}`)
	holds(`{"supervisionPhone":"0555-100","serviceStation":{"name":"晴川站","phone":null},"nightNumbers":[{"phone":"0555-9","name":"值班","nameEnglish":null}]}`)
	// What is left out is inherited again.
	do(map[string]any{"division": c1, "version": 2}, `{"setDivisionContacts":{"division":{"version":3,"contacts":{"own":{"supervisionPhone":null,"serviceStation":null,"nightNumbers":null}}}}}`)
	holds(`{"supervisionPhone":"0555-100","serviceStation":{"name":"望舒中心","phone":"0555-101"},` + usual + `}`)

	for _, c := range []struct {
		name, want string
		in         map[string]any
	}{
		{"an old version", "CONFLICT input version", map[string]any{"division": c1, "version": 2}},
		{"no such division", "NOT_FOUND input division", map[string]any{"division": "x", "version": 1}},
		{"no number", "INVALID input supervisionPhone", map[string]any{"division": c1, "version": 3, "supervisionPhone": "ask"}},
		{"no name", "INVALID input serviceStation name", map[string]any{"division": c1, "version": 3, "serviceStation": map[string]any{"name": " "}}},
		{"an empty list", "INVALID input nightNumbers", map[string]any{"division": c1, "version": 3, "nightNumbers": []any{}}},
		{"a number without one", "INVALID input nightNumbers 0 phone", map[string]any{"division": c1, "version": 3, "nightNumbers": []any{map[string]any{"phone": "", "name": "x"}}}},
	} {
		a := s.ask(t, op, set, map[string]any{"in": c.in})
		got := refusedAs(t, a)
		if got != c.want {
			t.Errorf("%s: %s", c.name, a.Raw)
		}
	}
	if a := s.ask(t, account.Anyone(), set, map[string]any{"in": map[string]any{"division": c1, "version": 3}}); refusedAs(t, a) != "FORBIDDEN" {
		t.Errorf("the public is answered %s", a.Raw)
	}
}

// refusedAs is the code of the first error and the path of the input at fault; "" where there is none.
func refusedAs(t *testing.T, a answer) string {
	t.Helper()
	if len(a.Errors) == 0 {
		return ""
	}
	said := a.code()
	for _, step := range a.Errors[0].Extensions.Field {
		said += fmt.Sprint(" ", step)
	}
	return said
}
