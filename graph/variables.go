package graph

import (
	"encoding/json"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
)

// valuesOf are the variables of an operation, checked. Package validator looks at values by reflection, which over the 10,000
// points of one request takes a quarter of its time; it is left what does not surely fit as it stands: what is wrong, what is
// missing, and what it makes another value of.
func (s *Handler) valuesOf(op *ast.OperationDefinition, given map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(op.VariableDefinitions))
	for _, v := range op.VariableDefinitions {
		value, ok := given[v.Variable]
		if !ok && v.DefaultValue == nil && !v.Type.NonNull {
			continue
		}
		_, number := value.(json.Number) // which it makes an int64 or a float64, but not within another value
		if !ok || number || !fits(s.schema.Schema(), v.Type, value) {
			return validator.VariableValues(s.schema.Schema(), op, given)
		}
		out[v.Variable] = value
	}
	return out, nil
}

// fits reports whether a value, as package json reads it with numbers as json.Number, surely is of a type.
func fits(schema *ast.Schema, t *ast.Type, value any) bool {
	if value == nil {
		return !t.NonNull
	}
	if t.Elem != nil {
		list, ok := value.([]any)
		for _, v := range list {
			if !fits(schema, t.Elem, v) {
				return false
			}
		}
		return ok
	}
	switch def := schema.Types[t.NamedType]; def.Kind {
	case ast.Enum:
		name, ok := value.(string)
		return ok && def.EnumValues.ForName(name) != nil
	case ast.Scalar:
		return fitsScalar(def.Name, value)
	case ast.InputObject:
		object, ok := value.(map[string]any)
		known := 0
		for _, field := range def.Fields {
			if v, given := object[field.Name]; !given && field.Type.NonNull || given && !fits(schema, field.Type, v) {
				return false
			} else if given {
				known++
			}
		}
		return ok && known == len(object)
	}
	return false
}

func fitsScalar(name string, value any) bool {
	switch name {
	case "Int":
		return false
	case "Float":
		number, ok := value.(json.Number)
		_, err := strconv.ParseFloat(string(number), 64)
		return ok && err == nil
	case "String", "ID":
		_, ok := value.(string)
		return ok
	case "Boolean":
		_, ok := value.(bool)
		return ok
	}
	return true // those of our own are read where they are used
}
