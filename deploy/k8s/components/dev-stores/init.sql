-- Runs once, as the superuser, in an empty data folder.
\getenv owner_password OWNER_PASSWORD
\getenv chronicle_password CHRONICLE_PASSWORD
CREATE ROLE dsm LOGIN PASSWORD :'owner_password';
CREATE ROLE dsm_chronicle_service LOGIN PASSWORD :'chronicle_password';
CREATE DATABASE dsm_agent_memory OWNER dsm;
CREATE DATABASE dsm_daily_scrum OWNER dsm;
CREATE DATABASE dsm_sprint OWNER dsm;
CREATE DATABASE dsm_backlog OWNER dsm;
CREATE DATABASE dsm_project OWNER dsm;
CREATE DATABASE dsm_chronicle OWNER dsm;
\connect dsm_agent_memory
CREATE EXTENSION vector;
