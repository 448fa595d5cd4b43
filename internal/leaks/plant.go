package main

import (
	"fmt"
	"strings"
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
	auditorPassword                  = "four-dunlins-along-osiers-5172"
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

// plant has all happen that brings values to the town.
func (t *town) plant() error {
	for what, texts := range map[string][]string{
		"a resident's name": {firstName, secondName, changedName}, "a name that was typed": {typedName},
		"an identity number": {firstNumber, secondNumber}, "an identity number that was typed": {typedNumber, wrongNumber},
		"a telephone": {firstPhone, secondPhone, changedPhone}, "a telephone that was typed": {typedPhone},
		"an answer to a form": {answer}, "a password": {chosenPassword, laterPassword, auditorPassword}, "a password that was typed": {typedPassword}, "an address that was searched": {typedAddress},
	} {
		for _, text := range texts {
			t.add(value{what: what, text: text})
		}
	}
	given, err := t.run(true, "user", "demo") // made anew: who used the town before may have set up second factors
	if err != nil {
		return err
	}
	t.logins = map[string]string{}
	for line := range strings.Lines(given) {
		if login, _, _ := strings.Cut(line, " "); strings.HasPrefix(login, "demo-") {
			if t.logins[login], err = first(givenPassword, line); err != nil {
				return err
			}
			t.secret("a demo password", t.logins[login])
		}
	}
	for _, step := range []struct {
		name string
		do   func() error
	}{{"signing in", t.signIn}, {"residents' files", t.residents}, {"what strangers send", t.strangers}, {"subscriptions", t.subscriptions}} {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}
