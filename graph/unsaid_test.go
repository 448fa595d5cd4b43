package graph

import "testing"

// TestAMessageRepeatsNoValue: names and types stay in what is said of a document, what somebody wrote into it does not.
func TestAMessageRepeatsNoValue(t *testing.T) {
	for _, c := range []struct{ name, message, want string }{
		{"names and types", `Cannot query field "phone" on type "[Resident!]!".`, `Cannot query field "phone" on type "[Resident!]!".`},
		{"a text for an enum", `Enum "Purpose!" cannot represent non-enum value: "张三 and others".`, `Enum "Purpose!" cannot represent non-enum value: "…".`},
		{"a text with quotes", `String "欧\"阳" is wrong, "field" is not.`, `String "…" is wrong, "field" is not.`},
		{"a telephone in a name", `Variable "$v13987650421" is not defined.`, `Variable "$v…" is not defined.`},
		{"a number that is not quoted", `operation Q310101196402298463 not found`, `operation Q… not found`},
		{"a name of no operation", `operation "欧阳" not found`, `operation "…" not found`},
		{"a small number", `Int 12345 and line 7`, `Int 12345 and line 7`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := unsaid(c.message); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}
