// Package resident keeps residents' files (一户一档): who lives in and is registered with a household, their care tags, what the household was asked. What tells of a
// person is sealed before it is stored and masked before it is told; each reading is recorded. How values are sealed is left to domain/secret, who may
// do what to domain/account, and the record itself to whoever keeps one.
package resident

import (
	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/secret"
)

// The categories of sealed values.
const (
	NameKeys     secret.Category = "NAME" // names and days of birth
	IdentityKeys secret.Category = "IDENTITY"
	ContactKeys  secret.Category = "CONTACT"
	CareKeys     secret.Category = "CARE"
	FormKeys     secret.Category = "FORM"
)

// Field is a value of a person that can be revealed.
type Field string

// The fields.
const (
	Name           Field = "NAME"
	IdentityNumber Field = "IDENTITY_NUMBER"
	Phone          Field = "PHONE"
	BirthDate      Field = "BIRTH_DATE"
)

// Tenure is by what right somebody lives in a dwelling.
type Tenure string

// The tenures.
const (
	Owner    Tenure = "OWNER"    // 产权人
	Family   Tenure = "FAMILY"   // 家庭成员, of an owner or a tenant
	Tenant   Tenure = "TENANT"   // 承租人
	Employer Tenure = "EMPLOYER" // 单位住房
	Guest    Tenure = "GUEST"    // 借住
)

var tenures = map[Tenure]bool{Owner: true, Family: true, Tenant: true, Employer: true, Guest: true}

// Kind is what a household is by its residencies.
type Kind string

// The kinds.
const (
	Together Kind = "TOGETHER" // 人户一致: all who are registered here live here, and the other way round
	Apart    Kind = "APART"    // 人户分离: somebody is registered here and lives elsewhere, or the other way round
	Renting  Kind = "RENTING"  // 租房户: a tenant lives here
)

// Person is what is known of a person, as it is: it is told to nobody but by a reveal.
type Person struct {
	Name     string
	Identity string // as secret.IdentityNumber writes it; "": not known
	Phone    string // as it was written; "": not known
	Born     string // YYYY-MM-DD; "": not known
}

// Sealed is a person as stored.
type Sealed struct {
	Key                         key.Key
	Name, Identity, Phone, Born []byte // nil: not known
	IdentityLookup              []byte
	OddIdentity                 bool // the check digit is wrong, and somebody said that it stands so
	Version                     int
	Places                      Places
}

// Places is where somebody lives and is registered, in the district of the key.
type Places struct{ Communities, Grids, Buildings []uuid.UUID }

// Resident is a person as shown: masked.
type Resident struct {
	Key                              key.Key
	Name, Identity, Phone, BirthDate string // "": not known
	OddIdentity                      bool
	Version                          int
}

// Home is a household, by what lasts: its dwelling and the number that tells the dwelling's households apart.
type Home struct {
	Household key.Key
	Unit      uuid.UUID
	Dwelling  uuid.UUID
	Room      string
	Number    string
	Area      account.Area
}

// Residency is a person in a household, from a day on to the day before another.
type Residency struct {
	Key            key.Key
	ResidentID     uuid.UUID
	Unit           uuid.UUID
	Dwelling       uuid.UUID
	Number         string
	RegisteredHere bool
	LivesHere      bool
	Tenure         Tenure
	From           civil.Date
	Until          *civil.Date // nil: open
	Area           account.Area
}

// Member is a person of a household.
type Member struct {
	Resident
	Residency Residency
	Tags      []Tag // those that the actor may see
}

// File is what is known of a household.
type File struct {
	Home    Home
	Kind    Kind // "": nobody is known to live or be registered here
	Members []Member
	Form    *FilledForm // nil: it was never asked, or the actor may not see what it answered
}

// Category is a category of care.
type Category struct {
	Code       string
	Chinese    string
	English    string
	LegalBasis string
	Restricted bool
	Version    int
}

// Tag says that somebody belongs to a category of care.
type Tag struct {
	Key        key.Key
	ResidentID uuid.UUID
	Category   string
	LegalBasis string
	Restricted bool
	SetBy      string // the actor's id
	SetOn      civil.Date
	ReviewOn   civil.Date
	ExpiresOn  civil.Date
}

// SealedTag is a tag as stored.
type SealedTag struct {
	Tag    // without category and legal basis
	Sealed []byte
	Lookup []byte
	Places Places
}

// Form is a collection form, at one version.
type Form struct {
	Version int
	Since   civil.Date
	Items   []Item
}

// Item is a question of a form.
type Item struct {
	Key     string   `json:"key"`
	Chinese string   `json:"zh"`
	English string   `json:"en"`
	Kind    ItemKind `json:"kind"`
	Options []Option `json:"options,omitempty"`
}

// Option is an answer that a CHOICE may have.
type Option struct {
	Key     string `json:"key"`
	Chinese string `json:"zh"`
	English string `json:"en"`
}

// ItemKind is what an answer can be.
type ItemKind string

// The kinds of items.
const (
	TextItem   ItemKind = "TEXT"
	NumberItem ItemKind = "NUMBER"
	YesNoItem  ItemKind = "YES_NO"
	ChoiceItem ItemKind = "CHOICE"
)

// FilledForm is what a household answered.
type FilledForm struct {
	Form     Form
	Answers  map[string]string // by the item's key; none: not answered
	FilledOn civil.Date
	FilledBy string // the actor's id
}

// SealedForm is a filled form as stored.
type SealedForm struct {
	ID       uuid.UUID
	Version  int
	Answers  []byte
	FilledOn civil.Date
	FilledBy string
}

// Why is what somebody says to be let read: the purpose and, where there is one, the number of the case.
type Why struct {
	Purpose audit.Purpose
	Case    string
}

// Reason is why somebody's file is removed.
type Reason string

// The reasons.
const (
	OnRequest Reason = "REQUEST"   // 本人要求
	ByMistake Reason = "MISTAKE"   // 误登
	AtItsEnd  Reason = "RETENTION" // 到期
	InAnother Reason = "MERGED"    // 并档: it went into another of the same person
)

// What is noted in the audit; mutations are called as it calls them.
const (
	ReadFile       audit.Action = "READ_HOUSEHOLD_FILE"
	Revealed       audit.Action = "REVEAL_RESIDENT_" // and the field
	Searched       audit.Action = "SEARCH_RESIDENT"
	Created        audit.Action = "CREATE_RESIDENT"
	Changed        audit.Action = "UPDATE_RESIDENT"
	MovedIn        audit.Action = "MOVE_IN_RESIDENT"
	MovedOut       audit.Action = "MOVE_OUT_RESIDENT"
	Tagged         audit.Action = "SET_CARE_TAG"
	Untagged       audit.Action = "REMOVE_CARE_TAG"
	Exported       audit.Action = "EXPORT_RESIDENT"
	Erased         audit.Action = "ERASE_RESIDENT"
	MergedFiles    audit.Action = "MERGE_RESIDENTS"
	FilledIn       audit.Action = "FILL_HOUSEHOLD_FORM"
	CategoryChange audit.Action = "SET_CARE_CATEGORY"
	Imported       audit.Action = "IMPORT_RESIDENTS"
	Expired        audit.Action = "EXPIRE_RESIDENTS"
)
