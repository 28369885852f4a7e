package main

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// canonical writes a value so that equal texts are equal values of the same type: doubles by
// their bits, maps in the order of their keys' texts.
func canonical(value ref.Val) string {
	switch value := value.(type) {
	case types.Null:
		return "null"
	case types.Bool:
		return strconv.FormatBool(bool(value))
	case types.Int:
		return strconv.FormatInt(int64(value), 10)
	case types.Uint:
		return strconv.FormatUint(uint64(value), 10) + "u"
	case types.Double:
		if math.IsNaN(float64(value)) {
			return "double(NaN)"
		}
		return fmt.Sprintf("double(%016x)", math.Float64bits(float64(value)))
	case types.String:
		return quoted(string(value))
	case types.Bytes:
		return fmt.Sprintf("bytes(%x)", []byte(value))
	case types.Timestamp:
		return fmt.Sprintf("timestamp(%d.%09d)", value.Unix(), value.Nanosecond())
	case types.Duration:
		return fmt.Sprintf("duration(%d)", int64(value.Duration))
	case *types.Optional:
		if !value.HasValue() {
			return "none"
		}
		return "optional(" + canonical(value.GetValue()) + ")"
	case *types.Err:
		return "error"
	case ref.Type:
		return "type(" + value.TypeName() + ")"
	case traits.Mapper:
		return canonicalMap(value)
	case traits.Lister:
		return canonicalList(value)
	}
	return "object(" + value.Type().TypeName() + ")"
}

func canonicalMap(value traits.Mapper) string {
	var entries []string
	for keys := value.Iterator(); keys.HasNext() == types.True; {
		key := keys.Next()
		entries = append(entries, canonical(key)+": "+canonical(value.Get(key)))
	}
	sort.Strings(entries)
	return "{" + strings.Join(entries, ", ") + "}"
}

func canonicalList(value traits.Lister) string {
	var items []string
	for elements := value.Iterator(); elements.HasNext() == types.True; {
		items = append(items, canonical(elements.Next()))
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// quoted writes text between quotes; what would end it early or not show is escaped by its code.
func quoted(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, char := range text {
		if char < ' ' || char == '"' || char == '\\' {
			fmt.Fprintf(&out, "\\x%02x", char)
		} else {
			out.WriteRune(char)
		}
	}
	out.WriteByte('"')
	return out.String()
}
