package place

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"ref.system", "The system's name is 1 to 50 letters, digits, dots, hyphens and underscores.", "系统名称须为 1 到 50 个字母、数字、点、连字符或下划线。"},
	[3]string{"ref.code", "The number is 1 to 100 characters without control characters.", "外部编号须为 1 到 100 个字符，不含控制字符。"},
	[3]string{"ref.notFound", "Nothing has the id {id}.", "没有 id 为 {id} 的对象。"},
	[3]string{"ref.taken", "The system knows another of its kind by this number.", "该系统的此编号已属于另一个同类对象。"},
)

var systemForm = regexp.MustCompile(`^[0-9A-Za-z._-]{1,50}$`)

// CheckRef refuses a system or number that the store cannot hold; an empty number, which removes one, is none such.
func CheckRef(ref ExternalRef) error {
	switch {
	case !systemForm.MatchString(ref.System):
		return fault.New(fault.Invalid, "system", "ref.system")
	case utf8.RuneCountInString(ref.Code) > 100, !printable(ref.Code), ref.Code != "" && strings.TrimSpace(ref.Code) == "":
		return fault.New(fault.Invalid, "code", "ref.code")
	}
	return nil
}

// ExternalRefs returns the numbers that other systems know things by, by system. The map's key is the thing's id. The public is
// told none: a register may know an employer by the credit code that is withheld with the employer.
func (s *Service) ExternalRefs(ctx context.Context, actor account.Actor, owners []key.Key) (map[uuid.UUID][]ExternalRef, error) {
	if actor.RequireOperator() != nil {
		return nil, nil
	}
	return s.Store.ExternalRefs(ctx, actor, owners)
}

// OwnersOf returns what a system knows by a number: at most one of a kind in a district. Operators only.
func (s *Service) OwnersOf(ctx context.Context, actor account.Actor, ref ExternalRef) ([]RefOwner, error) {
	if err := actor.RequireOperator(); err != nil {
		return nil, err
	}
	if err := CheckRef(ref); err != nil {
		return nil, err
	}
	return s.Store.OwnersOf(ctx, actor, ref)
}

// SetExternalRef says by which number a system knows a thing; an empty number removes it. id is the thing's, as GraphQL
// gives it. Operators only. NOT_FOUND: nothing has the id. CONFLICT: another of its kind has the number.
func (s *Service) SetExternalRef(ctx context.Context, actor account.Actor, id string, ref ExternalRef) (RefOwner, error) {
	if err := actor.RequireOperator(); err != nil {
		return RefOwner{}, err
	}
	if err := CheckRef(ref); err != nil {
		return RefOwner{}, err
	}
	owner, ok := key.Parse(id)
	if !ok {
		division, err := uuid.Parse(id)
		if err != nil {
			return RefOwner{}, fault.New(fault.NotFound, "id", "ref.notFound", "id", fault.Shorten(id, 60))
		}
		owner = key.Key{ID: division} // divisions are kept everywhere, and their ids name no district
	}
	return s.Store.SetExternalRef(ctx, actor, owner, ref)
}
