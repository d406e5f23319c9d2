"""Sign-in of Airflow's web page: accounts in Airflow's own database. For another way (LDAP, OAuth) put your own file in its place."""

from flask_appbuilder.const import AUTH_DB

WTF_CSRF_ENABLED = True
AUTH_TYPE = AUTH_DB
SESSION_COOKIE_SAMESITE = "Lax"
