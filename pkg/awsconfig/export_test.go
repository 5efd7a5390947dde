package awsconfig

import "slices"

// Span is where the profile section of that name begins and ends.
func (f *File) Span(name string) (start, end int) {
	i, _ := f.find(profileSection, name)
	return int(f.sections[i].start), int(f.bodyEnd(i))
}

// Model is every section that has a name, by that name, with its own keys.
func (f *File) Model() map[string]map[string]string {
	model := map[string]map[string]string{}
	for i := range f.sections {
		s := &f.sections[i]
		keys := map[string]string{}
		for _, k := range f.sectionKeys(int32(i)) {
			keys[k.name] = k.value
		}
		name := sectionRef{s.typ, s.name}.String()
		if !s.named || s.typ == otherSection || s.typ == defaultsSection {
			name = "[" + s.header + "]"
		}
		for model[name] != nil {
			name += " again"
		}
		model[name] = keys
	}
	return model
}

// Ambiguous reports whether the profile has two sections, or is another one to
// the Go SDK.
func (f *File) Ambiguous(name string) bool {
	i, ok := f.find(profileSection, name)
	_, shadow := f.goOnlyNames()[sectionRef{profileSection, name}]
	return shadow || ok && f.sections[i].same >= 0
}

// CheckResult reads back a text as if it were the result of the edit.
func (e *Edit) CheckResult(text string) error {
	return e.compare(Parse(e.f.path, e.f.kind, []byte(text)))
}

// AskIni has ini.v1 read the new lines of a text as if it were the result of the
// edit.
func (e *Edit) AskIni(text string) error {
	return e.secondOpinion(Parse(e.f.path, e.f.kind, []byte(text)))
}

// Problems are those of all sections of the file.
func (f *File) Problems() []Problem {
	c := Merge(f, nil)
	if f.kind == CredentialsFile {
		c = Merge(nil, f)
	}
	l := lint{c: c, seen: map[any]bool{}}
	for i := range f.sections {
		l.section(f, int32(i))
	}
	problems := []Problem{}
	for _, p := range l.found {
		problems = append(problems, p.Problem)
	}
	slices.SortStableFunc(problems, byLine)
	return problems
}

// Fatal are the lines that botocore cannot read.
func (f *File) Fatal() []Problem { return f.fatal }

// AllProblems are the problems of all profiles.
func (c *Config) AllProblems() []Problem {
	var names []string
	for _, p := range c.Profiles() {
		names = append(names, p.Name)
	}
	return c.Problems(names)
}

// A NamedService is a Service with its name.
type NamedService struct {
	Name string
	*Service
}

// Services are the [services NAME] sections in file order.
func (c *Config) Services() []NamedService {
	var all []NamedService
	for i := range c.config.sections {
		s := &c.config.sections[i]
		if s.typ != servicesSection || !s.named {
			continue
		}
		if last, _ := c.config.find(servicesSection, s.name); last == int32(i) {
			all = append(all, NamedService{s.name, &Service{block{c.config, last}}})
		}
	}
	return all
}

// Nested are the pairs of a nested block.
func (b block) Nested(key string) []Pair { return nestedPairs(b.f.key(b.i, key)) }

// Nested are the pairs of a nested block.
func (p *Profile) Nested(key string) []Pair {
	_, k := p.find(key)
	return nestedPairs(k)
}
