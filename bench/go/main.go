// portolan_bench_go_map ENTRIES: Go's map, for portolan_bench_mapcore. Does what
// bench/map_measurement.h does: the same keys, the same order, the same loops. The garbage collector
// rests from the end of the fill, so that it is the map that is measured.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

type splitMix struct{ state uint64 }

func (r *splitMix) next() uint64 {
	r.state += 0x9E3779B97F4A7C15
	z := r.state
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB
	return z ^ (z >> 31)
}
func (r *splitMix) below(bound uint64) uint64 { return r.next() % bound }

func each(count int, step func(i int)) float64 {
	start := time.Now()
	for i := 0; i < count; i++ {
		step(i)
	}
	return float64(time.Since(start).Nanoseconds()) / float64(count)
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func main() {
	n, err := strconv.Atoi(os.Args[1])
	if err != nil || n < 1 {
		os.Exit(2)
	}
	random := splitMix{7}
	keys, values := make([]string, n), make([]string, n)
	for i := range keys {
		place := "us"
		if random.below(2) == 0 {
			place = "canary/eu"
		}
		keys[i] = fmt.Sprintf("ns/%05d/svc-%06d/%s", i%9973, i, place)
		values[i] = strings.Repeat(string(rune('a'+i%26)), int(24+random.below(73)))
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for i := n; i > 1; i-- {
		j := random.below(uint64(i))
		order[i-1], order[j] = order[j], order[i-1]
	}
	shuffled := make([]string, n)
	for i, at := range order {
		shuffled[i] = strings.Clone(keys[at])
	}

	// Every map of the comparison owns its keys and values.
	before := heap()
	debug.SetGCPercent(-1)
	m := map[string]string{}
	fill := each(n, func(i int) { m[strings.Clone(keys[i])] = strings.Clone(values[i]) })
	bytes := float64(heap()-before) / float64(n)
	probes := n
	if probes < 200000 {
		probes = 200000
	}
	sum := 0
	hit := each(probes, func(i int) { sum += len(m[shuffled[i%n]]) })
	at := 0
	dependent := each(probes/2, func(i int) { at = (at*31 + int(m[shuffled[at]][0])*7919 + i) % n })
	absent := []byte("no/00000/svc-000000/us")
	miss := each(probes, func(i int) {
		for d, v := 0, i; d < 6; d, v = d+1, v/10 {
			absent[18-d] = byte('0' + v%10)
		}
		if _, found := m[string(absent)]; found {
			sum++
		}
	})
	iterate := each(probes/n, func(int) {
		for _, value := range m {
			sum += int(value[0])
		}
	}) / float64(n)
	clone := each(1, func(int) {
		copied := make(map[string]string, len(m))
		for key, value := range m {
			copied[strings.Clone(key)] = strings.Clone(value)
		}
		sum += len(copied)
	}) / float64(n)
	overwrite := each(probes, func(i int) { m[shuffled[i%n]] = strings.Clone(values[(i+i/n)%n]) })
	erase := each(n, func(i int) { delete(m, shuffled[i]) })
	if sum+at < 0 {
		os.Exit(1)
	}
	fmt.Println(fill, hit, dependent, miss, iterate, clone, overwrite, erase, bytes)
}
