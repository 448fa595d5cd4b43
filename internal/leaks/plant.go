package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"
)

// What is planted: nothing that the town, the pages or the tests hold. The numbers pass the check of GB 11643, but for the wrong one.
const (
	firstName, secondName, typedName = "欧阳鸑鷟鸣", "司徒麒麟鳞", "诸葛鹓鶵翎"
	changedName                      = "上官鸑鷟翀"
	firstPhone, secondPhone          = "13987650421", "19912340587"
	changedPhone, typedPhone         = "18687651243", "17743216509"
	answer                           = "要一只鸑鷟形状的轮椅"
	chosenPassword                   = "eleven-hoopoes-under-birches-1742"
	laterPassword                    = "seven-bitterns-over-alders-2851"
	typedPassword                    = "nine-wrynecks-among-rowans-3960"
	typedAddress                     = "鸑鷟路鹓鶵弄1742号"
)

var (
	firstNumber, secondNumber = identity("11010519870314773"), identity("44052419910826582")
	typedNumber               = identity("31010119640229846")
	wrongNumber               = firstNumber[:17] + string('0'+(firstNumber[17]-'0'+3)%10)
)

// identity appends the check digit of GB 11643.
func identity(seventeen string) string {
	sum := 0
	for i, c := range seventeen {
		sum += int(c-'0') * ((1 << (17 - i)) % 11)
	}
	return seventeen + string("10X98765432"[sum%11])
}

// town is the server that values are planted in, and what is known of it.
type town struct {
	ctx                context.Context
	url, data, kept    string
	values             []value
	requests, commands int
	files              int // that were kept
	logins             map[string]string
}

// secret notes something that nothing may tell.
func (t *town) secret(what, text string) {
	for _, v := range t.values {
		if v.text == text {
			return
		}
	}
	t.values = append(t.values, value{what, text})
}

// keep writes what was made into what is looked through.
func (t *town) keep(name string, text []byte) error {
	t.files++
	return os.WriteFile(filepath.Join(t.kept, fmt.Sprintf("%04d-%s", t.files, name)), text, 0o600)
}

// run runs a command of ours, keeps what it says where it is not told a secret on purpose, and returns it.
func (t *town) run(tells bool, args ...string) (string, error) {
	t.commands++
	cmd := exec.CommandContext(t.ctx, "./wangge", append(args, "--data", t.data)...)
	cmd.Env = append(os.Environ(), "LOG_LEVEL=debug")
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() <= 2 {
		err = nil // it refused, which is what some are run for
	}
	if !tells {
		said.Write(out.Bytes())
	}
	return out.String(), errors.Join(err, t.keep("command-"+args[0], said.Bytes()))
}

// visitor is one that keeps its cookies.
type visitor struct {
	*town
	client *http.Client
}

func (t *town) visitor() (*visitor, error) {
	jar, err := cookiejar.New(nil)
	return &visitor{t, &http.Client{Jar: jar, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, err
}

// ask sends a request. Who is refused is told why, and that is kept, as is what keeps is asked for; of all answers what a cache goes by is.
func (v *visitor) ask(keeps bool, method, path, kind, body string, header ...string) (string, error) {
	v.requests++
	r, err := http.NewRequestWithContext(v.ctx, method, v.url+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w, err := v.client.Do(r)
	if err != nil {
		return "", err
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		return "", err
	}
	if w.StatusCode >= 500 {
		return "", fmt.Errorf("request %d: status %d", v.requests, w.StatusCode)
	}
	for _, c := range w.Cookies() {
		if len(c.Value) >= 20 {
			v.secret("a session's token", c.Value)
		}
	}
	w.Header.Del("Set-Cookie")
	var head bytes.Buffer
	if err := w.Header.Write(&head); err != nil {
		return "", err
	}
	if err := v.keep("headers", head.Bytes()); err != nil {
		return "", err
	}
	var told struct{ Errors json.RawMessage }
	switch json.Unmarshal(text, &told); {
	case method == "POST" && path == enrolling: // shown again after a wrong code, with the secret that is to be typed
	case keeps || w.StatusCode >= 400:
		err = v.keep("answer", repeated.ReplaceAll(text, nil))
	case told.Errors != nil:
		err = v.keep("errors", repeated.ReplaceAll(told.Errors, nil))
	}
	return string(text), err
}

// repeated is what a refusal repeats to who typed it, since it was typed for a code, a layer or a part of a tile's address, or as a login into a
// form that is shown again: where somebody else's number is typed for one of those, nobody else is told, and nothing keeps it.
var repeated = regexp.MustCompile(`There is no (?:grid|division|worker) [^"]*?\."|There is no layer \\"[^"]*\\"|\bz is \\"[^"]*\\"|<input name="login" value="[^"]*"`)

const enrolling = "/account/second-factor"

const formKind, jsonKind = "application/x-www-form-urlencoded", "application/json"

func (v *visitor) form(path string, fields ...string) (string, error) {
	f := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		f.Add(fields[i], fields[i+1])
	}
	return v.ask(false, "POST", path, formKind, f.Encode())
}

// graphql asks, and reads what path leads to of the answer into into, where there is one.
func (v *visitor) graphql(into any, query string, variables map[string]any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	text, err := v.ask(false, "POST", "/graphql", jsonKind, string(body))
	if err != nil || into == nil {
		return err
	}
	var w struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return err
	}
	if len(w.Errors) > 0 {
		return fmt.Errorf("%.60s…: %s", query, w.Errors[0].Message)
	}
	return json.Unmarshal(w.Data, into)
}

// first is what a pattern finds in text.
func first(pattern, text string) (string, error) {
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("an answer has no %s", pattern)
	}
	return m[1], nil
}

// plant has all happen that brings values to the town.
func (t *town) plant() error {
	for what, texts := range map[string][]string{
		"a resident's name": {firstName, secondName, changedName}, "a name that was typed": {typedName},
		"an identity number": {firstNumber, secondNumber}, "an identity number that was typed": {typedNumber, wrongNumber},
		"a telephone": {firstPhone, secondPhone, changedPhone}, "a telephone that was typed": {typedPhone},
		"an answer to a form": {answer}, "a password": {chosenPassword, laterPassword}, "a password that was typed": {typedPassword}, "an address that was searched": {typedAddress},
	} {
		for _, text := range texts {
			t.secret(what, text)
		}
	}
	given, err := t.run(true, "user", "demo") // made anew: who used the town before may have set up second factors
	if err != nil {
		return err
	}
	t.logins = map[string]string{}
	for line := range strings.Lines(given) {
		if cells := strings.Fields(line); len(cells) >= 3 && strings.HasPrefix(cells[0], "demo-") {
			t.logins[cells[0]] = cells[2]
			t.secret("a demo password", cells[2])
		}
	}
	for _, step := range []struct {
		name string
		do   func() error
	}{{"signing in", t.signIn}, {"residents' files", t.residents}, {"what strangers send", t.strangers}} {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// signIn goes from a first password to a second factor, with what people type into the wrong field.
func (t *town) signIn() error {
	given, err := t.run(true, "user", "add", "leaks.security", "--role", "security")
	if err != nil {
		return err
	}
	password, err := first(`([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})`, given)
	if err != nil {
		return err
	}
	t.secret("a first password", password)
	v, err := t.visitor()
	if err != nil {
		return err
	}
	for _, fields := range [][]string{
		{"login", typedPassword, "password", "leaks.security"}, {"login", "leaks.security", "password", typedPassword}, {"login", chosenPassword, "password", ""},
		{"login", typedName, "password", typedNumber}, {"login", typedPhone, "password", typedName}, {"login", typedNumber, "password", typedPhone},
	} {
		if _, err := v.form("/sign-in", fields...); err != nil {
			return err
		}
	}
	for _, step := range [][]string{
		{"/sign-in", "login", "leaks.security", "password", password},
		{"/account/password", "oldPassword", typedPassword, "password", chosenPassword, "again", chosenPassword},
		{"/account/password", "oldPassword", password, "password", chosenPassword, "again", laterPassword},
		{"/account/password", "oldPassword", password, "password", chosenPassword, "again", chosenPassword},
	} {
		if _, err := v.form(step[0], step[1:]...); err != nil {
			return err
		}
	}
	page, err := v.ask(false, "GET", enrolling, "", "")
	if err != nil {
		return err
	}
	factor, err := first(`<code>([A-Z2-7 ]{20,})</code>`, page)
	if err != nil {
		return err
	}
	t.secret("a second factor's secret, as it is shown", factor)
	factor = strings.ReplaceAll(factor, " ", "")
	t.secret("a second factor's secret", factor)
	if _, err := v.form(enrolling, "code", typedPhone); err != nil {
		return err
	}
	code, err := totp.GenerateCode(factor, time.Now())
	if err != nil {
		return err
	}
	if page, err = v.form(enrolling, "code", code); err != nil {
		return err
	}
	codes := regexp.MustCompile(`<code>([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})</code>`).FindAllStringSubmatch(page, -1)
	if len(codes) != 10 {
		return fmt.Errorf("%d recovery codes", len(codes))
	}
	for _, c := range codes {
		t.secret("a recovery code", c[1])
	}
	again, err := t.visitor()
	if err != nil {
		return err
	}
	for _, step := range [][]string{
		{"/sign-in", "login", "leaks.security", "password", chosenPassword}, {"/sign-in/code", "code", typedPassword}, {"/sign-in/code", "code", codes[0][1]},
		{"/account/password", "oldPassword", chosenPassword, "password", laterPassword, "again", laterPassword},
	} {
		if _, err := again.form(step[0], step[1:]...); err != nil {
			return err
		}
	}
	for _, login := range []string{typedPhone, typedNumber, typedName, typedPassword} {
		if err := again.graphql(nil, `mutation($l: String!, $w: ID!) { createAccount(input: {login: $l, workerId: $w}) { password } }`, map[string]any{"l": login, "w": login}); err != nil {
			return err
		}
	}
	return again.graphql(nil, `mutation($o: String!, $p: String!) { changePassword(input: {oldPassword: $o, password: $p}) { id } }`, map[string]any{"o": typedPassword, "p": chosenPassword})
}

// signedIn is who has an account of the demo.
func (t *town) signedIn(login string) (*visitor, error) {
	v, err := t.visitor()
	if err != nil {
		return nil, err
	}
	if t.logins[login] == "" {
		return nil, fmt.Errorf("the demo has no %s", login)
	}
	if _, err := v.form("/sign-in", "login", login, "password", t.logins[login]); err != nil {
		return nil, err
	}
	var who struct{ Viewer *struct{ Login string } }
	if err := v.graphql(&who, "{ viewer { login } }", nil); err != nil {
		return nil, err
	}
	if who.Viewer == nil {
		return nil, fmt.Errorf("%s could not sign in", login)
	}
	return v, nil
}

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
		said, err := t.run(false, "import", "residents", path, "--purpose", "SERVICE", "--report", report)
		if err != nil {
			return err
		}
		if i == 0 && !strings.Contains(said, "2 ") {
			return fmt.Errorf("the residents were not taken in: %s", said)
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

	var file struct {
		HouseholdFile struct {
			Members []struct {
				Resident struct {
					ID      string
					Version int
				}
				Residency struct{ ID string }
			}
		}
	}
	if err := v.graphql(&file, `query($h: ID!) { householdFile(household: $h) { members { resident { id version } residency { id } } } }`, map[string]any{"h": household}); err != nil {
		return err
	}
	if len(file.HouseholdFile.Members) < 2 {
		return fmt.Errorf("%d people in the household", len(file.HouseholdFile.Members))
	}
	one, two := file.HouseholdFile.Members[0].Resident, file.HouseholdFile.Members[1]
	var revealed struct{ RevealResident struct{ Value string } }
	if err := v.graphql(&revealed, `mutation($id: ID!) { revealResident(input: {id: $id, field: IDENTITY_NUMBER, purpose: VISIT}) { value } }`, map[string]any{"id": one.ID}); err != nil {
		return err
	}
	if got := revealed.RevealResident.Value; got != firstNumber && got != secondNumber {
		return errors.New("what was planted is not what is revealed")
	}
	values := map[string]any{"id": one.ID, "version": one.Version, "household": household, "residency": two.Residency.ID, "other": two.Resident.ID,
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

// strangers put values into addresses, headers and fields.
func (t *town) strangers() error {
	v, err := t.visitor()
	if err != nil {
		return err
	}
	for _, value := range []string{typedName, typedNumber, typedPhone, typedPassword, typedAddress, typedName + " " + typedPhone} {
		path, query := url.PathEscape(value), url.QueryEscape(value)
		for _, p := range []string{
			"/where?lng=" + query + "&lat=31&crs=wgs84", "/where?lng=121&lat=31&crs=" + query, "/where?address=" + query, "/where?lng=121&lat=31&crs=wgs84&at=" + query + "&accuracy=" + query, "/search?q=" + query, "/?q=" + query,
			"/g/" + path, "/b/" + path, "/w/" + path, "/c/" + path, "/coverage/" + path, "/" + path, "/photos/" + path + "?size=" + query, "/assets/" + path, "/c?page=" + query, "/sign-in?next=/" + query,
			"/tiles/" + path + "/1/1/1.mvt", "/tiles/grids/" + path + "/1/1.mvt", "/tiles/" + path + ".json", "/tiles/grids/1/1/1.mvt?v=" + query, "/style.json?x=" + query, "/metrics?x=" + query, "/readyz?" + query,
			"/signboards/" + path + ".pdf", "/signboards/buildings/" + path, "/signboards/cards/" + path + ".svg", "/signboards/badges/" + path + ".pdf", "/signboards/atlas/" + path + ".pdf", "/signboards/print/" + path,
			"/graphql?query=" + url.QueryEscape(`{ grid(code: "`+value+`") { code } }`), "/graphql?query=" + url.QueryEscape(`{ searchAddress(text: "`+value+`") { x`), "/graphql?query=%7Bviewer%7Bkind%7D%7D&variables=" + query, "/graphql?id=" + query,
		} {
			// A page may show people what they typed; what refuses JSON and tiles may not.
			if _, err := v.ask(false, "GET", p, "", "", "Accept", "application/json", "User-Agent", "browser of "+query, "Referer", t.url+"/search?q="+query, "If-None-Match", `"`+query+`"`); err != nil {
				return err
			}
		}
		for _, header := range []string{"Authorization", "Cookie", "Origin", "Accept-Language", "X-Forwarded-For", "Accept-Encoding", "Content-Type", "If-Modified-Since", "Last-Event-ID", "Traceparent"} {
			given := query
			switch header {
			case "Authorization":
				given = "Bearer " + query
			case "Cookie":
				given = "wangge=" + query
			}
			for _, p := range []string{"/graphql", "/sign-out", "/account/tokens/" + path, "/photos/" + path, "/signboards/print/" + path, "/" + path} {
				if _, err := v.ask(false, "POST", p, formKind, "x="+query, header, given); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// gather keeps what the town makes for others: figures, tiles, boards, archives, lists.
func (t *town) gather() error {
	v, err := t.visitor()
	if err != nil {
		return err
	}
	var seen struct {
		Grids struct {
			Nodes []struct {
				Code      string
				Buildings struct{ Nodes []struct{ ID string } }
			}
		}
	}
	if err := v.graphql(&seen, `{ grids(first: 3) { nodes { code buildings(first: 1) { nodes { id } } } } }`, nil); err != nil {
		return err
	}
	paths := []string{"/metrics", "/readyz", "/", "/c", "/style.json", "/tiles/grids.json", "/schema.graphql", "/map.svg"}
	for i, g := range seen.Grids.Nodes {
		if len(g.Code) < 12 || len(g.Buildings.Nodes) == 0 {
			return errors.New("a grid has no building")
		}
		if i == 0 {
			c := g.Code[:12]
			paths = append(paths, "/c/"+c, "/coverage/"+c, "/c/"+c+"/map.svg", "/signboards/badges/"+c+".pdf", "/signboards/atlas/"+c+".pdf")
		}
		b := g.Buildings.Nodes[0].ID
		paths = append(paths, "/g/"+g.Code, "/b/"+b, "/signboards/"+g.Code+".svg", "/signboards/"+g.Code+".pdf", "/signboards/"+g.Code+".png", "/signboards/leaflet/"+g.Code+".svg", "/signboards/cards/"+g.Code+".pdf", "/signboards/buildings/"+b+".svg")
	}
	for _, p := range paths {
		if _, err := v.ask(true, "GET", p, "", ""); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	for _, args := range [][]string{
		{"tiles", "export", filepath.Join(t.kept, "town.pmtiles"), "--zooms", "10-15"}, {"export", "buildings", filepath.Join(t.kept, "buildings.geojson")},
		{"audit", "list"}, {"audit", "verify"}, {"user", "list"}, {"keys", "status"}, {"check"},
	} {
		if _, err := t.run(false, args...); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(args, " "), err)
		}
	}
	pdfs, err := filepath.Glob(filepath.Join(t.kept, "*-answer"))
	if err != nil {
		return err
	}
	for _, name := range pdfs { // a PDF's text is numbers of glyphs: what a reader makes of it is looked through, too
		if text, err := os.ReadFile(name); err != nil || !bytes.HasPrefix(text, []byte("%PDF")) {
			continue
		}
		if out, err := exec.CommandContext(t.ctx, "pdftotext", name, name+".txt").CombinedOutput(); err != nil {
			return fmt.Errorf("pdftotext: %w %s", err, out)
		}
	}
	return nil
}

var longText = regexp.MustCompile(`[A-Za-z0-9+/_=-]{26,}`)

// secretFiles notes the keys and tokens of the data folder, which stand nowhere else.
func (t *town) secretFiles() error {
	found := 0
	for _, name := range ownFiles {
		text, err := os.ReadFile(filepath.Join(t.data, name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		for _, key := range longText.FindAllString(string(text), -1) {
			if uuid.Validate(key) != nil { // what keys are called is no secret
				t.secret("a secret of "+name, key)
				found++
			}
		}
	}
	if found < 3 {
		return fmt.Errorf("only %d secrets were found in the data folder", found)
	}
	return nil
}
