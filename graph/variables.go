package graph

import (
	"encoding/json"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"

	"wangge/internal/fault"
)

// variables are those of r, checked for the operation that it asks for. Lists of inputs are read straight from the request, where
// they surely fit.
func (s *Handler) variables(p *prepared, r *request) (map[string]any, error) {
	if r.raw == nil {
		return s.valuesOf(p.operation, r.variables)
	}
	if s.judge == nil && len(p.lists) > 0 {
		if given, ok := p.given(r.raw); ok {
			if values, ok := s.fitting(p.operation, given); ok {
				return values, nil
			}
		}
	}
	if err := member(r.raw, &r.variables); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "variables", "http.parameter", "name", "variables", "kind", "an object")
	}
	return s.valuesOf(p.operation, r.variables)
}

// given are the variables in an object of JSON that the operation has, with lists of inputs read. False: one does not surely fit, or
// comes twice.
func (p *prepared) given(raw []byte) (map[string]any, bool) {
	out := map[string]any{}
	r := &reader{text: raw}
	ok := r.object(func(name []byte) bool {
		if p.operation.VariableDefinitions.ForName(string(name)) == nil {
			r.value()
			return true
		}
		if _, twice := out[string(name)]; twice {
			return false
		}
		if read := p.lists[string(name)]; read != nil {
			list, ok := read(r)
			out[string(name)] = ready{list}
			return ok
		}
		var v any
		err := member(r.value(), &v)
		out[string(name)] = v
		return err == nil
	})
	return out, ok
}

// valuesOf are the variables of an operation, checked. Package validator looks at values by reflection, which over the 10,000
// points of one request takes a quarter of its time; it is left what does not surely fit as it stands: what is wrong, what is
// missing, and what it makes another value of.
func (s *Handler) valuesOf(op *ast.OperationDefinition, given map[string]any) (map[string]any, error) {
	if out, ok := s.fitting(op, given); ok {
		return out, nil
	}
	return validator.VariableValues(s.schema.Schema(), op, given)
}

// fitting are the variables of an operation where all surely fit as they stand.
func (s *Handler) fitting(op *ast.OperationDefinition, given map[string]any) (map[string]any, bool) {
	out := make(map[string]any, len(op.VariableDefinitions))
	for _, v := range op.VariableDefinitions {
		value, ok := given[v.Variable]
		if !ok && v.DefaultValue == nil && !v.Type.NonNull {
			continue
		}
		_, read := value.(ready)
		_, number := value.(json.Number) // which the validator makes an int64 or a float64, but not within another value
		if !read && (!ok || number || !fits(s.schema.Schema(), v.Type, value)) {
			return nil, false
		}
		out[v.Variable] = value
	}
	return out, true
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
