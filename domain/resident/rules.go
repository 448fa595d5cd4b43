package resident

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/phone"
	"wangge/domain/secret"
	"wangge/internal/fault"
)

// No sentence here quotes what was typed: refusals reach logs and screens.
var _ = fault.Register(
	[3]string{"resident.name", "A name is 1 to {max} characters, without control characters.", "姓名须为 1 到 {max} 个字符，不含控制字符。"},
	[3]string{"resident.identityForm", "An identity number has 17 digits and a check digit, which may be X.", "身份证号码须为 17 位数字加一位校验码（可为 X）。"},
	[3]string{"resident.identityDay", "The day of birth in the identity number is none, or has not come.", "身份证号码中的出生日期无效。"},
	[3]string{"resident.identityDigit", "The check digit of the identity number is wrong. If the card says so, enter it again and say that it stands so.", "身份证号码校验码不正确。如证件确系如此，请确认后再提交。"},
	[3]string{"resident.phone", "That is no telephone number.", "电话号码无效。"},
	[3]string{"resident.born", "A day of birth is written YYYY-MM-DD and has come.", "出生日期须写作 YYYY-MM-DD，且不晚于今天。"},
	[3]string{"resident.bornOther", "The day of birth is another one in the identity number.", "出生日期与身份证号码不一致。"},
	[3]string{"resident.nothing", "Who is neither registered here nor lives here does not belong to the household.", "既未在此登记也未在此居住，不属于本户。"},
	[3]string{"resident.tenure", "OWNER, FAMILY, TENANT, EMPLOYER or GUEST is needed.", "须为产权人、家庭成员、承租人、单位住房或借住。"},
	[3]string{"resident.from", "It begins at most a year from now, and not before 1900.", "开始日期不得晚于一年之后，也不得早于 1900 年。"},
	[3]string{"resident.until", "It ends after it began.", "结束日期须晚于开始日期。"},
	[3]string{"resident.purpose", "Say what for: INCIDENT, VISIT, SERVICE, CORRECTION, SUBJECT, EMERGENCY or AUTHORITY.", "请说明用途：事件处置、入户走访、办理服务、核对更正、本人查询、紧急情况或依法协查。"},
	[3]string{"resident.case", "The number of a case is written like SJ-2026-17; INCIDENT and AUTHORITY need one.", "编号须写作 SJ-2026-17 的形式；事件处置和依法协查须填写编号。"},
	[3]string{"resident.reason", "Say why: REQUEST or MISTAKE.", "请说明原因：本人要求或误登。"},
	[3]string{"resident.field", "NAME, IDENTITY_NUMBER, PHONE or BIRTH_DATE can be revealed.", "可查看姓名、身份证号码、电话或出生日期。"},
	[3]string{"care.review", "A tag is reviewed within a year, and expires after that within two.", "标签须在一年内复核，并在两年内到期。"},
	[3]string{"care.basis", "The legal basis is 1 to {max} characters.", "法律依据须为 1 到 {max} 个字符。"},
	[3]string{"care.code", "A category's code is capital letters and underscores.", "类别代码须为大写字母和下划线。"},
	[3]string{"care.names", "A category has a Chinese and an English name of at most {max} characters.", "类别须有不超过 {max} 个字符的中英文名称。"},
	[3]string{"form.item", "The form has no such item.", "采集表没有该项目。"},
	[3]string{"form.answer", "The answer to {key} must be {kind}.", "项目 {key} 的回答须为 {kind}。"},
)

const (
	maxName   = 50
	maxBasis  = 200
	maxAnswer = 500
	maxLabel  = 50
)

// KindOf is what a household is by its residencies in force; "" where there are none.
func KindOf(list []Residency) Kind {
	kind := Together
	for _, r := range list {
		switch {
		case r.LivesHere && r.Tenure == Tenant:
			return Renting
		case r.LivesHere != r.RegisteredHere:
			kind = Apart
		}
	}
	if len(list) == 0 {
		return ""
	}
	return kind
}

// Masked is a person as shown.
func (p Person) Masked(s Sealed) Resident {
	return Resident{Key: s.Key, Name: secret.MaskName(p.Name), Identity: secret.MaskIdentity(p.Identity), Phone: secret.MaskPhone(p.Phone), BirthDate: maskDay(p.Born),
		OddIdentity: s.OddIdentity, Version: s.Version}
}

func maskDay(s string) string {
	if s == "" {
		return ""
	}
	return secret.MaskDay(s)
}

// Field is one value of a person; false for a field that there is none of.
func (p Person) Field(f Field) (string, bool) {
	value, ok := map[Field]string{Name: p.Name, IdentityNumber: p.Identity, Phone: p.Phone, BirthDate: p.Born}[f]
	return value, ok
}

// CheckPerson writes a person's values in one way and refuses those that are none: INVALID, with the field at fault and nothing of the value. A check digit that is
// wrong is refused unless odd says that the card has it so; whether it has is returned. The day of birth is taken from the number where none is said.
func CheckPerson(p Person, odd bool, now time.Time) (Person, bool, error) {
	p.Name = strings.TrimSpace(p.Name)
	if n := utf8.RuneCountInString(p.Name); n == 0 || n > maxName || !printable(p.Name) {
		return p, false, fault.New(fault.Invalid, "name", "resident.name", "max", maxName)
	}
	p.Phone = strings.TrimSpace(p.Phone)
	if p.Phone != "" && !phone.Valid(p.Phone) {
		return p, false, fault.New(fault.Invalid, "phone", "resident.phone")
	}
	p.Identity = secret.IdentityNumber(p.Identity)
	wrong := false
	if p.Identity != "" {
		switch secret.CheckIdentity(p.Identity, now) {
		case secret.IdentityForm:
			return p, false, fault.New(fault.Invalid, "identityNumber", "resident.identityForm")
		case secret.IdentityDay:
			return p, false, fault.New(fault.Invalid, "identityNumber", "resident.identityDay")
		case secret.IdentityDigit:
			if !odd {
				return p, false, fault.New(fault.Invalid, "identityNumber", "resident.identityDigit")
			}
			wrong = true
		}
		if p.Born == "" {
			p.Born = secret.BornOn(p.Identity)
		}
	}
	if p.Born != "" {
		day, err := time.Parse(time.DateOnly, p.Born)
		switch {
		case err != nil || day.Year() < 1850 || day.After(now):
			return p, false, fault.New(fault.Invalid, "birthDate", "resident.born")
		case p.Identity != "" && !wrong && p.Born != secret.BornOn(p.Identity):
			return p, false, fault.New(fault.Invalid, "birthDate", "resident.bornOther")
		}
	}
	return p, wrong, nil
}

// CheckResidency refuses what cannot be: INVALID.
func CheckResidency(r Residency, today civil.Date) error {
	switch {
	case !r.RegisteredHere && !r.LivesHere:
		return fault.New(fault.Invalid, "livesHere", "resident.nothing")
	case !tenures[r.Tenure]:
		return fault.New(fault.Invalid, "tenure", "resident.tenure")
	case r.From.After(today.AddDays(366)) || r.From.Time().Year() < 1900:
		return fault.New(fault.Invalid, "from", "resident.from")
	case r.Until != nil && !r.Until.After(r.From):
		return fault.New(fault.Invalid, "until", "resident.until")
	}
	return nil
}

// says reports whether r would say of somebody what is said already.
func (was Residency) says(r Residency) bool {
	return was.Until == nil && was.Dwelling == r.Dwelling && was.Number == r.Number && was.LivesHere == r.LivesHere && was.RegisteredHere == r.RegisteredHere
}

// leftFor is what is left of a residency from the day on that r begins, since nobody lives in two homes nor is registered in two; false: it is not touched. One that began no
// earlier or has an end stays, for the store to refuse r.
func (was Residency) leftFor(r Residency) (left Residency, leaves bool) {
	if was.Until != nil || !was.From.Before(r.From) || !(was.LivesHere && r.LivesHere || was.RegisteredHere && r.RegisteredHere) {
		return was, false
	}
	left = was
	left.From = r.From
	left.LivesHere = was.LivesHere && !r.LivesHere
	left.RegisteredHere = was.RegisteredHere && !r.RegisteredHere
	return left, true
}

// Check refuses who does not say what for, or hides something in the number of a case: INVALID.
func (w Why) Check() error {
	switch {
	case !w.Purpose.Known():
		return fault.New(fault.Invalid, "purpose", "resident.purpose")
	case w.Case == "" && (w.Purpose == audit.Incident || w.Purpose == audit.Authority), w.Case != "" && !audit.CaseForm.MatchString(w.Case):
		return fault.New(fault.Invalid, "caseNumber", "resident.case")
	}
	return nil
}

// CheckTag refuses a tag that would stand for ever or rest on nothing: INVALID.
func CheckTag(t Tag) error {
	switch n := utf8.RuneCountInString(t.LegalBasis); {
	case n == 0 || n > maxBasis || !printable(t.LegalBasis):
		return fault.New(fault.Invalid, "legalBasis", "care.basis", "max", maxBasis)
	case t.ReviewOn.Before(t.SetOn), t.ReviewOn.After(t.SetOn.AddDays(366)), t.ExpiresOn.Before(t.ReviewOn), t.ExpiresOn.After(t.SetOn.AddDays(731)):
		return fault.New(fault.Invalid, "reviewOn", "care.review")
	}
	return nil
}

// expired reports whether a tag holds no more on a day.
func (t Tag) expired(day civil.Date) bool { return !day.Before(t.ExpiresOn) }

var categoryForm = regexp.MustCompile(`^[A-Z][A-Z_]{1,39}$`)

// CheckCategory refuses a category that the store cannot hold: INVALID.
func CheckCategory(c Category) error {
	label := func(s string) bool {
		n := utf8.RuneCountInString(strings.TrimSpace(s))
		return n > 0 && n <= maxLabel && printable(s)
	}
	switch n := utf8.RuneCountInString(strings.TrimSpace(c.LegalBasis)); {
	case !categoryForm.MatchString(c.Code):
		return fault.New(fault.Invalid, "code", "care.code")
	case !label(c.Chinese), !label(c.English):
		return fault.New(fault.Invalid, "name", "care.names", "max", maxLabel)
	case n == 0 || n > maxBasis || !printable(c.LegalBasis):
		return fault.New(fault.Invalid, "legalBasis", "care.basis", "max", maxBasis)
	}
	return nil
}

var (
	numberForm = regexp.MustCompile(`^[0-9]{1,6}$`)
	yesNo      = map[string]bool{"YES": true, "NO": true}
)

// CheckAnswers refuses answers that the form does not ask for or that are of another kind: INVALID, with the item and nothing of the answer. Empty ones are left out.
func CheckAnswers(f Form, answers map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for name, answer := range answers {
		i := slices.IndexFunc(f.Items, func(item Item) bool { return item.Key == name })
		if i < 0 {
			return nil, fault.New(fault.Invalid, "answers", "form.item")
		}
		if answer = strings.TrimSpace(answer); answer == "" {
			continue
		}
		ok := false
		switch item := f.Items[i]; item.Kind {
		case TextItem:
			ok = utf8.RuneCountInString(answer) <= maxAnswer && printable(strings.ReplaceAll(answer, "\n", ""))
		case NumberItem:
			ok = numberForm.MatchString(answer)
		case YesNoItem:
			ok = yesNo[answer]
		case ChoiceItem:
			ok = slices.ContainsFunc(item.Options, func(o Option) bool { return o.Key == answer })
		}
		if !ok {
			return nil, fault.New(fault.Invalid, "answers", "form.answer", "key", name, "kind", string(f.Items[i].Kind))
		}
		out[name] = answer
	}
	return out, nil
}

// holds reports whether a reach holds of somebody who has these places.
func holds(r account.Reach, of key.Key, p Places) bool {
	if r.Holds(account.Area{District: of.Home}) {
		return true
	}
	for _, id := range p.Communities {
		if r.Holds(account.Area{District: of.Home, Community: id}) {
			return true
		}
	}
	for _, id := range p.Grids {
		if r.Holds(account.Area{District: of.Home, Grid: id}) {
			return true
		}
	}
	for _, id := range p.Buildings {
		if r.Holds(account.Area{District: of.Home, Building: id}) {
			return true
		}
	}
	return false
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
