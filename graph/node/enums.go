package node

import (
	"fmt"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"wangge/domain/board"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/geo/coord"
)

// gqlgen lets a variable spell an enum's value in any case; these take it exactly, so that what reaches the domain is
// one of its constants.

func enum[T ~string](v any, known ...T) (T, error) {
	s, _ := v.(string)
	if slices.Contains(known, T(s)) {
		return T(s), nil
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return "", invalid("scalar.enum", "value", fmt.Sprintf("%q", s), "known", strings.Join(names, ", "))
}

func name[T ~string](v T) graphql.Marshaler { return graphql.MarshalString(string(v)) }

// MarshalAreaKind writes an AreaKind. The domain writes kinds of area in small letters.
func MarshalAreaKind(v staff.AreaKind) graphql.Marshaler { return name(strings.ToUpper(string(v))) }

// UnmarshalAreaKind reads an AreaKind.
func UnmarshalAreaKind(v any) (staff.AreaKind, error) {
	s, err := enum(v, "DIVISION", "GROUP", "GRID", "BUILDING")
	return staff.AreaKind(strings.ToLower(s)), err
}

// MarshalBoardAnswer writes a BoardAnswer.
func MarshalBoardAnswer(v board.Answer) graphql.Marshaler { return name(v) }

// UnmarshalBoardAnswer reads a BoardAnswer.
func UnmarshalBoardAnswer(v any) (board.Answer, error) {
	return enum(v, board.Current, board.Outdated, board.Unknown)
}

// MarshalBoardKind writes a BoardKind. The domain writes kinds of boards in small letters.
func MarshalBoardKind(v board.Kind) graphql.Marshaler { return name(strings.ToUpper(string(v))) }

// UnmarshalBoardKind reads a BoardKind.
func UnmarshalBoardKind(v any) (board.Kind, error) {
	s, err := enum(v, "GRID", "BUILDING")
	return board.Kind(strings.ToLower(s)), err
}

// MarshalBoardPart writes a BoardPart.
func MarshalBoardPart(v board.Part) graphql.Marshaler { return name(v) }

// UnmarshalBoardPart reads a BoardPart.
func UnmarshalBoardPart(v any) (board.Part, error) { return enum(v, board.Parts...) }

// MarshalCoordinateSystem writes a CoordinateSystem.
func MarshalCoordinateSystem(v coord.System) graphql.Marshaler { return name(v) }

// UnmarshalCoordinateSystem reads a CoordinateSystem.
func UnmarshalCoordinateSystem(v any) (coord.System, error) { return enum(v, coord.Systems...) }

// MarshalCover writes a Cover.
func MarshalCover(v staff.Cover) graphql.Marshaler { return name(v) }

// UnmarshalCover reads a Cover.
func UnmarshalCover(v any) (staff.Cover, error) { return enum(v, staff.CoverA, staff.CoverB) }

// MarshalDivisionLevel writes a DivisionLevel.
func MarshalDivisionLevel(v place.Level) graphql.Marshaler { return name(v) }

// UnmarshalDivisionLevel reads a DivisionLevel.
func UnmarshalDivisionLevel(v any) (place.Level, error) { return enum(v, place.Levels...) }

// MarshalDwellingUse writes a DwellingUse.
func MarshalDwellingUse(v place.DwellingUse) graphql.Marshaler { return name(v) }

// UnmarshalDwellingUse reads a DwellingUse.
func UnmarshalDwellingUse(v any) (place.DwellingUse, error) {
	return enum[place.DwellingUse](v, "OWNER", "RENTED", "VACANT", "BUSINESS")
}

// MarshalEstateManager writes an EstateManager.
func MarshalEstateManager(v place.Manager) graphql.Marshaler { return name(v) }

// UnmarshalEstateManager reads an EstateManager.
func UnmarshalEstateManager(v any) (place.Manager, error) {
	return enum[place.Manager](v, "OWNERS", "COMPANY", "EMPLOYER", "COMMUNITY", "VILLAGE")
}

// MarshalGridKind writes a GridKind.
func MarshalGridKind(v grid.Kind) graphql.Marshaler { return name(v) }

// UnmarshalGridKind reads a GridKind.
func UnmarshalGridKind(v any) (grid.Kind, error) { return enum(v, grid.Comprehensive, grid.Dedicated) }

// MarshalGridOrder writes a GridOrder.
func MarshalGridOrder(v grid.Order) graphql.Marshaler { return name(v) }

// UnmarshalGridOrder reads a GridOrder.
func UnmarshalGridOrder(v any) (grid.Order, error) {
	return enum(v, grid.ByCode, grid.ByName, grid.ByHouseholds, grid.ByArea, grid.ByDistance)
}

// MarshalMatchRule writes a MatchRule.
func MarshalMatchRule(v grid.Rule) graphql.Marshaler { return name(v) }

// UnmarshalMatchRule reads a MatchRule.
func UnmarshalMatchRule(v any) (grid.Rule, error) {
	return enum(v, grid.RuleAddress, grid.RuleContains, grid.RuleBorder, grid.RuleNearest, grid.RuleNone)
}

// MarshalPost writes a Post.
func MarshalPost(v staff.Post) graphql.Marshaler { return name(v) }

// UnmarshalPost reads a Post.
func UnmarshalPost(v any) (staff.Post, error) {
	return enum(v, staff.ChiefLeader, staff.GridLeader, staff.GridWorker, staff.Assistant, staff.SectionLeader,
		staff.GroupLeader, staff.ClusterLeader, staff.BuildingLeader, staff.LeadHouseholder, staff.UnitLeader,
		staff.Informant, staff.Volunteer, staff.StationHead, staff.CounterStaff, staff.PlatformAdmin)
}

// MarshalProblemKind writes a ProblemKind.
func MarshalProblemKind(v coverage.Kind) graphql.Marshaler { return name(v) }

// UnmarshalProblemKind reads a ProblemKind.
func UnmarshalProblemKind(v any) (coverage.Kind, error) { return enum(v, coverage.Kinds...) }

// MarshalFixAction writes a FixAction.
func MarshalFixAction(v coverage.Action) graphql.Marshaler { return name(v) }

// UnmarshalFixAction reads a FixAction.
func UnmarshalFixAction(v any) (coverage.Action, error) {
	return enum(v, coverage.AddToGrid, coverage.CutFromGrid, coverage.AssignBuilding, coverage.AppointWorker,
		coverage.SplitGrid, coverage.MergeGrids)
}
