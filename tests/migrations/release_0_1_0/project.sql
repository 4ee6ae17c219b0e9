SET check_function_bodies = false;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.calendar_days (
    project_id text NOT NULL,
    date date NOT NULL,
    type text NOT NULL,
    name text NOT NULL,
    CONSTRAINT calendar_days_type_check CHECK ((type = ANY (ARRAY['holiday'::text, 'working_day'::text])))
);
CREATE TABLE public.employees (
    id text NOT NULL,
    name text NOT NULL,
    email text,
    role text
);
CREATE TABLE public.idempotency_keys (
    route text NOT NULL,
    key text NOT NULL,
    request_hash text NOT NULL,
    status integer,
    headers jsonb,
    body text,
    claimed_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.projects (
    id text NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    status text NOT NULL,
    country text NOT NULL,
    subdivision text,
    timezone text NOT NULL,
    progress_mode text NOT NULL,
    as_of date,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT projects_progress_mode_check CHECK ((progress_mode = ANY (ARRAY['simulated'::text, 'reported'::text]))),
    CONSTRAINT projects_status_check CHECK ((status = ANY (ARRAY['active'::text, 'inactive'::text])))
);
CREATE TABLE public.pto (
    id bigint NOT NULL,
    employee_id text NOT NULL,
    start_date date NOT NULL,
    end_date date NOT NULL,
    reason text NOT NULL,
    CONSTRAINT pto_check CHECK ((end_date >= start_date))
);
ALTER TABLE public.pto ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.pto_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.team_members (
    project_id text NOT NULL,
    employee_id text NOT NULL,
    "position" bigint NOT NULL
);
ALTER TABLE public.team_members ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.team_members_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
INSERT INTO public.alembic_version VALUES
	('project_0001');
INSERT INTO public.calendar_days VALUES
	('HIST', '2026-03-11', 'holiday', 'Company day');
INSERT INTO public.employees VALUES
	('E1', 'Person E1', NULL, NULL),
	('E2', 'Person E2', NULL, NULL);
INSERT INTO public.projects VALUES
	('HIST', 'Imported', '', 'active', 'DE', NULL, 'Europe/Berlin', 'simulated', '2026-03-02', '2026-11-29 11:27:25.962863+00'),
	('LATE', 'Late', '', 'active', 'DE', NULL, 'UTC', 'simulated', '2026-03-02', '2026-11-29 11:27:45.551054+00'),
	('CUT', 'Cut', '', 'active', 'DE', NULL, 'UTC', 'simulated', '2026-03-02', '2026-11-29 11:27:45.574898+00'),
	('ENDS', 'Ends', '', 'active', 'DE', NULL, 'UTC', 'simulated', '2026-03-02', '2026-11-29 11:27:45.611282+00');
INSERT INTO public.pto OVERRIDING SYSTEM VALUE VALUES
	(1, 'E1', '2026-03-06', '2026-03-06', 'Dentist');
INSERT INTO public.team_members OVERRIDING SYSTEM VALUE VALUES
	('HIST', 'E1', 1),
	('HIST', 'E2', 2),
	('LATE', 'E1', 3),
	('LATE', 'E2', 4);
SELECT pg_catalog.setval('public.pto_id_seq', 1, true);
SELECT pg_catalog.setval('public.team_members_position_seq', 4, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.calendar_days
    ADD CONSTRAINT calendar_days_pkey PRIMARY KEY (project_id, date);
ALTER TABLE ONLY public.employees
    ADD CONSTRAINT employees_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (route, key);
ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.pto
    ADD CONSTRAINT pto_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.team_members
    ADD CONSTRAINT team_members_pkey PRIMARY KEY (project_id, employee_id);
CREATE INDEX idempotency_keys_by_age ON public.idempotency_keys USING btree (claimed_at);
CREATE INDEX pto_by_employee ON public.pto USING btree (employee_id, start_date);
ALTER TABLE ONLY public.calendar_days
    ADD CONSTRAINT calendar_days_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
ALTER TABLE ONLY public.pto
    ADD CONSTRAINT pto_employee_id_fkey FOREIGN KEY (employee_id) REFERENCES public.employees(id);
ALTER TABLE ONLY public.team_members
    ADD CONSTRAINT team_members_employee_id_fkey FOREIGN KEY (employee_id) REFERENCES public.employees(id);
ALTER TABLE ONLY public.team_members
    ADD CONSTRAINT team_members_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
