package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// residents takes people in, reads and changes their files, and is refused.
func (t *town) residents() error {
	v, err := t.signedIn("demo-worker")
	if err != nil {
		return err
	}
	page, err := v.form("/account/tokens", "name", "leaks", "days", "30", "writes", "1", "right", "RESIDENTS")
	if err != nil {
		return err
	}
	token, err := first(`(wgp_[A-Z2-7]{26})`, page)
	if err != nil {
		return err
	}
	t.secret("an access token", token)
	if _, err := v.ask(true, "POST", "/graphql", jsonKind, `{"query":"{viewer{kind}}"}`, "Authorization", "Bearer "+token); err != nil {
		return err
	}

	// A room of a building of theirs, to which a list brings two people.
	var seen struct {
		Grids struct {
			Nodes []struct {
				Buildings struct {
					Nodes []struct {
						Code  string
						Units struct {
							Nodes []struct {
								Name       string
								Households *struct {
									Nodes []struct{ ID, Room, Number string }
								}
							}
						}
					}
				}
			}
		}
	}
	if err := v.graphql(&seen, `{ grids(first: 20) { nodes { buildings(first: 40) { nodes { code units(first: 1) { nodes { name households(first: 1) { nodes { id room number } } } } } } } } }`, nil); err != nil {
		return err
	}
	var building, unit, room, number, household string
	for _, g := range seen.Grids.Nodes {
		for _, b := range g.Buildings.Nodes {
			for _, u := range b.Units.Nodes {
				if u.Households != nil && len(u.Households.Nodes) > 0 {
					h := u.Households.Nodes[0]
					building, unit, room, number, household = b.Code, u.Name, h.Room, h.Number, h.ID
				}
			}
		}
	}
	if household == "" {
		return errors.New("no household was found")
	}
	const head = "楼栋编号,单元,房号,户号,姓名,身份证号,电话,出生日期,户籍在此,居住在此,居住性质,起始日期\n"
	line := func(rest string) string {
		return strings.Join([]string{building, unit, room, number, rest}, ",") + "\n"
	}
	lists := filepath.Join(os.TempDir(), fmt.Sprintf("leaks-%d", os.Getpid())) // not kept: they are the residents' own
	if err := os.Mkdir(lists, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(lists)
	report := filepath.Join(t.kept, "refused.csv")
	for i, list := range []string{
		line(firstName+","+firstNumber+","+firstPhone+",,是,是,业主,2020-01-05") + line(secondName+","+secondNumber+","+secondPhone+",,否,是,承租人,"),
		line(typedName+","+wrongNumber+","+typedPhone+",,是,是,业主,") + line(typedName+","+typedNumber+typedPhone+","+typedName+","+typedNumber+","+typedPhone+","+typedName+","+typedName+","+typedPhone),
		typedName + "," + typedNumber + "," + typedPhone + "," + typedName + "," + typedName + "," + typedNumber + "," + typedPhone + ",,是,是,业主,\n",
	} {
		path := filepath.Join(lists, fmt.Sprintf("%d.csv", i))
		if err := os.WriteFile(path, []byte(head+list), 0o600); err != nil {
			return err
		}
		if _, err := t.run(false, "import", "residents", path, "--purpose", "SERVICE", "--report", report); err != nil {
			return err
		}
	}
	for _, list := range []string{typedName + "\n1,2\n", typedPhone + ",房号,姓名,居住性质,身份证号,身份证\n"} {
		path := filepath.Join(lists, "odd.csv")
		if err := os.WriteFile(path, []byte(list), 0o600); err != nil {
			return err
		}
		for _, kind := range []string{"residents", "households"} {
			if _, err := t.run(false, "import", kind, path, "--purpose", "SERVICE", "--case", typedPhone); err != nil {
				return err
			}
		}
	}

	type person struct {
		ID      string
		Version int
	}
	found := func(number string) (p person, err error) {
		var seen struct{ SearchResident struct{ Residents []person } }
		if err := v.graphql(&seen, `mutation($n: String!) { searchResident(input: {identityNumber: $n, purpose: VISIT}) { residents { id version } } }`, map[string]any{"n": number}); err != nil {
			return p, err
		}
		if n := len(seen.SearchResident.Residents); n != 1 {
			return p, fmt.Errorf("%d people have a number that was taken in by a list", n)
		}
		return seen.SearchResident.Residents[0], nil
	}
	one, err := found(firstNumber)
	if err != nil {
		return err
	}
	two, err := found(secondNumber)
	if err != nil {
		return err
	}
	var file struct {
		HouseholdFile struct {
			Members []struct {
				Resident  person
				Residency struct{ ID string }
			}
		}
	}
	if err := v.graphql(&file, `query($h: ID!) { householdFile(household: $h) { members { resident { id version } residency { id } } } }`, map[string]any{"h": household}); err != nil {
		return err
	}
	residency := ""
	for _, m := range file.HouseholdFile.Members {
		if m.Resident == two {
			residency = m.Residency.ID
		}
	}
	if residency == "" {
		return errors.New("who was taken in is not in the household")
	}
	var revealed struct{ RevealResident struct{ Value string } }
	if err := v.graphql(&revealed, `mutation($id: ID!) { revealResident(input: {id: $id, field: IDENTITY_NUMBER, purpose: VISIT}) { value } }`, map[string]any{"id": one.ID}); err != nil {
		return err
	}
	if got := revealed.RevealResident.Value; got != firstNumber {
		return errors.New("what was planted is not what is revealed")
	}
	values := map[string]any{"id": one.ID, "version": one.Version, "household": household, "residency": residency, "other": two.ID,
		"name": changedName, "phone": changedPhone, "number": typedNumber, "known": secondNumber, "wrong": wrongNumber, "typedName": typedName, "typedPhone": typedPhone, "answer": answer, "password": typedPassword}
	for i, mutation := range []string{
		// The first six are done.
		`($id: ID!, $version: Int!, $name: String, $phone: String) { updateResident(input: {id: $id, version: $version, name: $name, phone: $phone}) { resident { id } } }`,
		`($household: ID!, $answer: String!) { fillHouseholdForm(input: {household: $household, form: 1, answers: [{key: "wishes", answer: $answer}]}) { form { form } } }`,
		`($id: ID!) { setCareTag(input: {id: $id, category: "DISABLED"}) { tag { id } } }`,
		`($known: String!) { searchResident(input: {identityNumber: $known, purpose: VISIT}) { residents { id } } }`,
		`($number: String!) { searchResident(input: {identityNumber: $number, purpose: VISIT}) { residents { id } } }`,
		`($id: ID!) { exportResident(input: {id: $id, purpose: SUBJECT}) { document } }`,
		// Refused.
		`($household: ID!, $typedName: String!, $known: String) { createResident(input: {household: $household, name: $typedName, identityNumber: $known, registeredHere: true, livesHere: true, tenure: FAMILY}) { resident { id } } }`,
		`($household: ID!, $typedName: String!, $wrong: String) { createResident(input: {household: $household, name: $typedName, identityNumber: $wrong, phone: $wrong, registeredHere: true, livesHere: true, tenure: FAMILY}) { resident { id } } }`,
		`($household: ID!, $typedName: String!, $typedPhone: String) { createResident(input: {household: $household, name: $typedName, phone: $typedName, birthDate: $typedPhone, registeredHere: true, livesHere: true, tenure: FAMILY, idempotencyKey: $typedPhone}) { resident { id } } }`,
		`($typedName: ID!, $typedPhone: String!) { createResident(input: {household: $typedName, name: $typedPhone, registeredHere: true, livesHere: true, tenure: FAMILY}) { resident { id } } }`,
		`($wrong: String!) { searchResident(input: {identityNumber: $wrong, purpose: VISIT}) { residents { id } } }`,
		`($typedPhone: String!) { searchResident(input: {identityNumber: $typedPhone, purpose: INCIDENT, caseNumber: $typedPhone}) { residents { id } } }`,
		`($id: ID!, $typedName: String) { revealResident(input: {id: $id, field: NAME, purpose: INCIDENT, caseNumber: $typedName}) { value } }`,
		`($typedPhone: ID!) { revealResident(input: {id: $typedPhone, field: NAME, purpose: VISIT}) { value } }`,
		`($household: ID!, $typedName: ID!, $answer: String!) { fillHouseholdForm(input: {household: $household, form: 1, answers: [{key: $typedName, answer: $answer}, {key: "party", answer: $answer}]}) { form { form } } }`,
		`($household: ID!, $answer: String!) { fillHouseholdForm(input: {household: $household, form: 1, answers: [{key: "party", answer: $answer}]}) { form { form } } }`,
		`($id: ID!, $typedName: String!) { setCareTag(input: {id: $id, category: $typedName}) { tag { id } } }`,
		`($id: ID!, $typedPhone: Date, $typedName: String) { setCareTag(input: {id: $id, category: "ELDERLY", legalBasis: $typedName, expiresOn: $typedPhone}) { tag { id } } }`,
		`($residency: ID!, $typedPhone: Date!) { moveOutResident(input: {id: $residency, until: $typedPhone}) { residency { id } } }`,
		`($id: ID!, $version: Int!, $typedName: String) { updateResident(input: {id: $id, version: $version, name: $typedName}) { resident { id } } }`,
		`($password: String!) { createAccessToken(input: {name: $password, rights: [HOUSEHOLDS], expiresAt: "2020-01-01T00:00:00Z"}) { token } }`,
		`($other: ID!) { eraseResident(input: {id: $other, reason: REQUEST}) { id } }`,
		// Values where no values belong.
		`{ updateResident(input: {id: "` + typedPhone + `", version: ` + typedPhone + `, name: ` + typedName + `}) { resident { id } } }`,
		`{ updateResident(input: {id: "` + typedPhone + `", version: 1, nom: "` + typedName + `"}) { resident { id } } }`,
		`{ revealResident(input: {id: "` + one.ID + `", field: NAME, purpose: VISIT, caseNumber: "` + typedNumber + `"}) { value value_` + typedPhone + ` } }`,
		`{ revealResident(input: {id: "` + one.ID + `", field: P` + typedPhone + `, purpose: "` + typedPassword + `"}) { value } }`,
		`{ searchResident(input: {identityNumber: "` + typedNumber + `, purpose: VISIT}) { residents { id } } }`,
		`($p: P` + typedNumber + `!) { searchResident(input: {identityNumber: $v` + typedPhone + `, purpose: VISIT}) { residents { id } } }`,
		`($version: Int!) { updateResident(input: {id: "x", version: $version, name: "` + typedName + `"}) @p` + typedPhone + ` { ...f` + typedNumber + ` } }`,
	} {
		given := map[string]any{}
		for name, v := range values {
			if strings.Contains(mutation, "$"+name+":") {
				given[name] = v
			}
		}
		var done any
		if i < 6 {
			done = &map[string]any{}
		}
		if err := v.graphql(done, "mutation"+mutation, given); err != nil {
			return err
		}
	}
	for _, body := range []string{
		`{"query":"mutation($v: Int!) { updateResident(input: {id: \"x\", version: $v}) { resident { id } } }","variables":{"v":"` + typedPhone + `"}}`,
		`{"query":"mutation($i: CreateResidentInput!) { createResident(input: $i) { resident { id } } }","variables":{"i":{"household":"x","name":["` + typedName + `"],"tenure":"` + typedPhone + `","` + typedNumber + `":1}}}`,
		`{"query":"query ` + `Q` + typedPhone + ` { viewer { kind } }","operationName":"Q` + typedNumber + `"}`,
		`{"query":"{ viewer { kind } }","variables":{"` + typedName + `":"` + typedPassword + `"},"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + typedNumber + `"}}}`,
		`{"query":"{ viewer { kind } }","variables":"` + typedName + `"}`, `{"query":"` + typedName, `"` + typedPhone + `"`, `[{"query":"` + typedName + `"}]`, typedName,
		`{"id":"` + typedPhone + `"}`, `{"query":{"` + typedName + `":"` + typedPassword + `"}}`,
	} {
		if _, err := v.ask(true, "POST", "/graphql", jsonKind, body); err != nil {
			return err
		}
		if _, err := v.ask(true, "POST", "/graphql", "text/"+typedPhone, body); err != nil {
			return err
		}
	}
	return nil
}
