SET check_function_bodies = false;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
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
CREATE TABLE public.outbox (
    id bigint NOT NULL,
    event_id uuid NOT NULL,
    stream text NOT NULL,
    payload jsonb NOT NULL,
    awaiting text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    published_at timestamp with time zone,
    closed_at timestamp with time zone
);
ALTER TABLE public.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.scrum_runs (
    sprint_id text NOT NULL,
    scrum_date date NOT NULL,
    answer jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
INSERT INTO public.alembic_version VALUES
	('daily_scrum_0001');
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES
	(1, 'bec87d88-9890-420e-8ad3-f5f8d96b7732', 'daily_scrum_events', '{"event_id": "bec87d88-9890-420e-8ad3-f5f8d96b7732", "metadata": {"request_id": "db24814e-db73-4570-843e-c4ead41302c4", "traceparent": "00-0ffb3e6dc1f02486bb9812007d879438-cfedbca59d39574c-00", "correlation_id": "db24814e-db73-4570-843e-c4ead41302c4", "source_service": "daily-scrum-service"}, "timestamp": "2026-11-29T11:27:55.270967Z", "event_data": {"task_id": "LATE-TASK001", "sprint_id": "LATE-S01", "scrum_date": "2026-03-02", "today_work": "Continuing work on LATE-TASK001 to reach 100% completion.", "employee_id": "E1", "impediments": "None.", "task_version": 3, "progress_made": 41, "yesterday_work": "Worked on LATE-TASK001 and completed 41% of it.", "new_total_progress": 41}, "event_type": "TASK_PROGRESSED", "aggregate_id": "LATE-TASK001", "aggregate_type": "Task"}', '{sprint_service_group}', '2026-11-29 11:27:55.269667+00', '2026-11-29 11:27:55.28935+00', NULL),
	(2, '4a8dadae-4b4e-441d-90dc-bb3223d07ed5', 'daily_scrum_events', '{"event_id": "4a8dadae-4b4e-441d-90dc-bb3223d07ed5", "metadata": {"request_id": "db24814e-db73-4570-843e-c4ead41302c4", "traceparent": "00-0ffb3e6dc1f02486bb9812007d879438-648a83d585d9df97-00", "correlation_id": "db24814e-db73-4570-843e-c4ead41302c4", "source_service": "daily-scrum-service"}, "timestamp": "2026-11-29T11:27:55.270991Z", "event_data": {"task_id": "LATE-TASK002", "sprint_id": "LATE-S01", "scrum_date": "2026-03-02", "today_work": "LATE-TASK002 is done; taking the next task.", "employee_id": "E2", "impediments": "None.", "task_version": 3, "progress_made": 100, "yesterday_work": "Worked on LATE-TASK002 and completed 100% of it.", "new_total_progress": 100}, "event_type": "TASK_PROGRESSED", "aggregate_id": "LATE-TASK002", "aggregate_type": "Task"}', '{sprint_service_group}', '2026-11-29 11:27:55.269667+00', '2026-11-29 11:27:55.28935+00', NULL);
INSERT INTO public.scrum_runs VALUES
	('LATE-S01', '2026-03-02', '{"events": [{"task_id": "LATE-TASK001", "sprint_id": "LATE-S01", "scrum_date": "2026-03-02", "today_work": "Continuing work on LATE-TASK001 to reach 100% completion.", "employee_id": "E1", "impediments": "None.", "task_version": 3, "progress_made": 41, "yesterday_work": "Worked on LATE-TASK001 and completed 41% of it.", "new_total_progress": 41}, {"task_id": "LATE-TASK002", "sprint_id": "LATE-S01", "scrum_date": "2026-03-02", "today_work": "LATE-TASK002 is done; taking the next task.", "employee_id": "E2", "impediments": "None.", "task_version": 3, "progress_made": 100, "yesterday_work": "Worked on LATE-TASK002 and completed 100% of it.", "new_total_progress": 100}], "message": "2 TASK_PROGRESSED events go to the sprint service.", "warnings": [], "sprint_id": "LATE-S01", "scrum_date": "2026-03-02", "events_count": 2}', '2026-11-29 11:27:55.269667+00');
SELECT pg_catalog.setval('public.outbox_id_seq', 2, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (route, key);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_event_id_key UNIQUE (event_id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.scrum_runs
    ADD CONSTRAINT scrum_runs_pkey PRIMARY KEY (sprint_id, scrum_date);
CREATE INDEX idempotency_keys_by_age ON public.idempotency_keys USING btree (claimed_at);
CREATE INDEX outbox_open ON public.outbox USING btree (id) WHERE (closed_at IS NULL);
